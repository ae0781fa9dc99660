"""The HTTP API as the dashboard knows it: answers as models, and a client that asks for them."""
