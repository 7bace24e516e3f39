"""Gates: what must hold of a report's prose, its shape, its references and its claims before it is written."""
