"""Placeholder."""

from dashboard.room import Room


def show(room: Room) -> None:
    """Draw."""
