"""Other people's servers and clients, each a script of its own that runs in the benchmarks' environment."""
