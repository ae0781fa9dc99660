"""Metrics that panels and alerts name, and metrics that there are."""

from __future__ import annotations

import json
import re
from pathlib import Path

import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.docker.files import DOCKER

_METRIC = re.compile(r"\b(?:soundalike|process)_[a-z_]+")
_PARTS = {"histogram": ("_bucket", "_sum", "_count"), "counter": ("_total",), "gauge": ("",)}


def dashboards() -> list[Path]:
    """The files of Grafana's dashboards."""
    return sorted((DOCKER / "grafana" / "dashboards").glob("*.json"))


def expressions() -> list[str]:
    """Every query of a panel and every condition of an alert."""
    panels = [panel for file in dashboards() for panel in json.loads(file.read_text(encoding="utf-8"))["panels"]]
    alerts = yaml.safe_load((DOCKER / "prometheus" / "alerts.yml").read_text(encoding="utf-8"))
    rules = [rule for group in alerts["groups"] for rule in group["rules"]]
    return [target["expr"] for panel in panels for target in panel["targets"]] + [rule["expr"] for rule in rules]


def named_in_monitoring() -> set[str]:
    """The metrics in them."""
    return {name for expression in expressions() for name in _METRIC.findall(expression)}


def known_in(scrape: str) -> set[str]:
    """The metrics that a scrape tells of, also those that nothing was counted for yet."""
    families = list(text_string_to_metric_families(scrape))
    return {family.name + part for family in families for part in _PARTS.get(family.type, ("",))}
