"""Stand-ins for what tests do not run: stores in memory, an index in memory, a Hopsworks cluster."""
