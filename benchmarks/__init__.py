"""Benchmarks: programs that print one table each, with the peers in the same run."""
