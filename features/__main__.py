"""``python -m features``."""

from features.cli import app
from features.console import main

if __name__ == "__main__":
    main(app, "python -m features")
