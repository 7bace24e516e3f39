"""Floor 3. A whole class: finds submissions, judges each on this machine or a cluster, and keeps what became of them."""
