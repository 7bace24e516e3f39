"""Typesetting: a document as Typst source, for the PDF."""
