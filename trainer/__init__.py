"""The second room: features in, a proven embedding model out, kept in the model registry."""
