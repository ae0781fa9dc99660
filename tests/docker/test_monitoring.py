"""What is watched is there to be watched."""

from __future__ import annotations

import json
import re

import yaml

from retriever.observe.metrics import Metrics
from retriever.observe.state import State
from tests.docker.files import DOCKER, ROOT, compose
from tests.docker.metrics import dashboards, expressions, known_in, named_in_monitoring

SERVICES = compose()["services"]
SOURCES = yaml.safe_load((DOCKER / "grafana/provisioning/datasources/prometheus.yaml").read_text())["datasources"]


def test_panels_and_alerts_name_metrics_that_there_are() -> None:
    metrics = Metrics()
    metrics.watch(lambda: State(1, 1.0, 1.0, 0, {"features": 0}, {"features": 0.0}, {"features": False}))

    assert sorted(named_in_monitoring() - known_in(metrics.render()[0].decode())) == []
    assert len(named_in_monitoring()) > 10


def test_everything_that_the_retriever_tells_is_on_a_panel() -> None:
    metrics = Metrics()
    metrics.watch(lambda: State(1, 1.0, 1.0, 0, {"features": 0}, {"features": 0.0}, {"features": False}))
    families = {
        re.sub("_(total|bucket|sum|count|created)$", "", name) for name in known_in(metrics.render()[0].decode())
    }
    shown = {re.sub("_(total|bucket|sum|count|created)$", "", name) for name in named_in_monitoring()}

    assert {name for name in families - shown if name.startswith("soundalike_")} == set()


def test_each_panel_asks_the_source_that_is_provided() -> None:
    for file in dashboards():
        board = json.loads(file.read_text(encoding="utf-8"))
        numbers = [panel["id"] for panel in board["panels"]]
        assert sorted(set(numbers)) == numbers
        assert {panel["datasource"]["uid"] for panel in board["panels"]} == {SOURCES[0]["uid"]}


def test_panels_do_not_lie_on_each_other() -> None:
    (file,) = dashboards()
    taken: set[tuple[int, int]] = set()
    for panel in json.loads(file.read_text(encoding="utf-8"))["panels"]:
        at = panel["gridPos"]
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not cells & taken
        assert at["x"] + at["w"] <= 24
        taken |= cells


def test_grafana_finds_prometheus_and_the_dashboards() -> None:
    assert SOURCES[0]["url"] == "http://prometheus:9090"
    assert "prometheus" in SERVICES
    (provider,) = yaml.safe_load((DOCKER / "grafana/provisioning/dashboards/soundalike.yaml").read_text())["providers"]
    places = dict(volume.split(":")[:2] for volume in SERVICES["grafana"]["volumes"])
    assert places["./grafana/dashboards"] == provider["options"]["path"]
    assert places["./grafana/provisioning"] == "/etc/grafana/provisioning"


def test_prometheus_asks_the_retriever_with_the_key_that_was_made_for_it() -> None:
    (job,) = yaml.safe_load((DOCKER / "prometheus/prometheus.yml").read_text())["scrape_configs"]
    assert job["static_configs"] == [{"targets": ["retriever:8000"]}]
    assert job["authorization"]["credentials_file"] == "/run/secrets/key"
    assert "prometheus-key:/run/secrets:ro" in SERVICES["prometheus"]["volumes"]
    assert "/keys/prometheus/key --role admin" in SERVICES["keys"]["command"][0]


def test_what_the_manual_calls_worth_an_alert_is_one() -> None:
    manual = re.findall(r"^\| `([^`]+)` \|", (ROOT / "docs/operations.md").read_text(), re.MULTILINE)
    conditions = [expression for expression in manual if expression.startswith(("soundalike_", "rate", "histogram"))]
    named = {name for condition in conditions for name in re.findall(r"soundalike_\w+", condition)}

    assert len(conditions) == 5
    assert named <= {name for condition in expressions() for name in re.findall(r"soundalike_\w+", condition)}
