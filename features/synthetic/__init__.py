"""A made-up community for the demo and for tests: invented people, artists and friendships, the same for a seed.

Nobody here exists. Every profile says so (``source="synthetic"``, ids ``synthetic-000123``). Only the words for genres
are real. Figures about quality come from real listeners, never from here.
"""
