"""Floor 2. What became of a whole class: one page to decide from."""
