"""What Streamlit runs: ``streamlit run dashboard/app.py``. Everything is put together in ``dashboard.compose``."""

from dashboard.compose import run

run()
