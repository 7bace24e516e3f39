"""Measures this project beside its peers, on this machine and on loopback only; see README.md beside this file."""
