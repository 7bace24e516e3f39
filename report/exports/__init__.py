"""Floor 3, pure. What is taken away in other tools' formats, one module a format: evidence in, bytes out.

Must not import recording. Files are read and written by `report.takeaway`.
"""
