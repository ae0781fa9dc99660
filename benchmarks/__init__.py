"""Benchmarks: speed as ratios against a named rival in one run. ``python -m benchmarks --help`` tells."""
