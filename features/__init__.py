"""The first room: listening profiles in, user features out, kept in the feature store."""
