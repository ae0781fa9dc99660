"""The dashboard: a Streamlit page over the HTTP API. It speaks HTTP only, and imports nothing of the other rooms."""
