"""The feature store in Hopsworks: the only place in this room that imports its SDK. Start at ``store``."""
