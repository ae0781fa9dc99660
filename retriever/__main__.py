"""``python -m retriever``."""

from features.console import main
from retriever.cli import app

if __name__ == "__main__":
    main(app, "python -m retriever")
