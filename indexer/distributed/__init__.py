"""Embedding everybody on many processes or machines, with Ray. Start at ``engine``."""
