"""The app of a Space of Hugging Face, which is reached at this address and port only."""

import os

os.environ.setdefault("SOUNDALIKE_DASHBOARD_HOST", "0.0.0.0")  # noqa: S104 - the Space's own proxy is before it
os.environ.setdefault("SOUNDALIKE_DASHBOARD_PORT", "7860")

from dashboard.gradio_mode import serve
from dashboard.settings import load

serve(load())
