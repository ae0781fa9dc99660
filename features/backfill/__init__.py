"""Backfill: public Spotify profiles of many people, read one after the other into the feature store.

Who is meant: ``ids`` and ``hub``. Who need not be read: ``known``. Reading: ``run``; writing: ``writing``.
"""
