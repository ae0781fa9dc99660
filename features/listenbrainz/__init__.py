"""ListenBrainz as a source of profiles: a person's public listening statistics, which are CC0."""
