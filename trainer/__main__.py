"""``python -m trainer``."""

from features.console import main
from trainer.cli import app

if __name__ == "__main__":
    main(app, "python -m trainer")
