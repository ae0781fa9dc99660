"""The fourth room: the HTTP service that embeds people, searches the index and explains the answer."""
