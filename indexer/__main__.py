"""``python -m indexer``."""

from features.console import main
from indexer.cli import app

if __name__ == "__main__":
    main(app, "python -m indexer")
