"""The model registry in Hopsworks. The connection is that of the features room. Start at ``registry``."""
