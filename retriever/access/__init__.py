"""Who may ask the retriever what, and how often; and how a write is made safe to repeat. Put on by ``wiring``."""
