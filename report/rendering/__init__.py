"""Floor 2, the pure half: evidence, templates and sources in, bytes out; no clock, process, socket or environment."""
