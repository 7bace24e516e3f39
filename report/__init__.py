"""Runs course servers under declared loads, keeps evidence, and renders reports that are checked against it."""
