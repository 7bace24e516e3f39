"""Pages: a document as one self-contained HTML file."""
