"""Floor 3. A whole class: finds submissions, judges each, here or on a cluster, and keeps what became of them."""
