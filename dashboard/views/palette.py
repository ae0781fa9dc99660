"""Colours of the figures, for light and dark pages. One accent; everything else is ink and paper."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours as #rrggbb. ``many``: for categories, told apart by lightness as well as by hue."""

    accent: str
    ink: str
    quiet: str
    line: str
    paper: str
    many: tuple[str, ...]


LIGHT = Palette(
    accent="#9a3412",
    ink="#1f1c18",
    quiet="#6b645a",
    line="#ddd6ca",
    paper="#faf8f4",
    many=(
        *("#3d6a8a", "#b0722a", "#5d7f4e", "#8b5a83", "#2f7f7a"),
        *("#a3583f", "#6f6aa8", "#8a7d2d", "#4c5b66", "#b56a86"),
    ),
)
DARK = Palette(
    accent="#f09a78",
    ink="#ece7df",
    quiet="#a59c90",
    line="#3a352f",
    paper="#161412",
    many=(
        *("#7fb2d6", "#e0a866", "#9cc48a", "#cf9bc6", "#6fc4bd"),
        *("#e39a80", "#aaa5e6", "#cdbf6a", "#9fb0bc", "#eaa3bf"),
    ),
)


def palette_of(theme: str | None) -> Palette:
    """The colours for a page whose theme is ``light`` or ``dark``; light where that is not known yet."""
    return DARK if theme == "dark" else LIGHT


def contrast(one: str, other: str) -> float:
    """Contrast of two colours, 1 to 21, by WCAG 2.2 (relative luminance)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
