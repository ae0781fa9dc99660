"""People as tables, for engines that know nothing of us: columns, Arrow, parquet files. Start at ``shards``."""
