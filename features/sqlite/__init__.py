"""The embedded feature store and catalogue: one SQLite file that several processes share."""
