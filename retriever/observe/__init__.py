"""What an operator sees of the retriever: log, metrics and traces. Who may ask what is in ``retriever.access``."""
