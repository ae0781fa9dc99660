"""The third room: features and a model in, a checked and published vector index out."""
