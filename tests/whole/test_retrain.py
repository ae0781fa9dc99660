"""The weekly retraining: the very commands of the workflow, run in order against the fake, as GitHub runs them."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pytest

from features.settings import HomeSettings
from indexer.qdrant.settings import QdrantSettings
from retriever.settings import RetrieverSettings
from tests.cluster import an_address
from tests.fakes.hopsworks import FakeHopsworks
from tests.fakes.qdrant import FakeQdrantSite
from tests.whole.programs import LARGE, ROOT, a_home_that_knows_texts, command, done
from trainer.settings import TrainerSettings

yaml = pytest.importorskip("yaml")
pytestmark = pytest.mark.xdist_group("retraining")

FAST = {"SOUNDALIKE_TEST_SHARE": "0.4", "SOUNDALIKE_VIEWS": "2"}
POOR = {
    **FAST,
    "SOUNDALIKE_WIDTH": "8",
    "SOUNDALIKE_RIDGE": "1000",
    "SOUNDALIKE_LEARNING_RATE": "0.5",
    "SOUNDALIKE_DROPOUT": "0.9",
}
"""Settings with which a model cannot but be worse."""
QDRANT, QDRANT_KEY = "https://qdrant.example.org", "a-key-that-writes"
WORKFLOWS = ROOT / ".github" / "workflows"
RETRAIN = yaml.safe_load((WORKFLOWS / "retrain.yml").read_text(encoding="utf-8"))
JOB = RETRAIN["jobs"]["retrain"]
STEPS = [step for step in JOB["steps"] if "id" in step]
SCHEDULE = RETRAIN[True]["schedule"]  # YAML 1.1 reads the key `on` as true


@dataclass(frozen=True)
class Inputs:
    """What is chosen when the workflow is started by hand, as it is in all runs here."""

    epochs: str = "2"
    force: bool = False
    build_index: bool = True


@dataclass
class Run:
    """A run of the workflow: how it is started, which steps ran and how they ended, what the job summary says."""

    inputs: Inputs
    qdrant: str
    outcomes: dict[str, int] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    said: str = ""
    summary: str = ""

    @property
    def is_green(self) -> bool:
        return not any(self.outcomes.values())

    @property
    def is_to_index(self) -> bool:
        return self.is_green and self.qdrant != "" and self.inputs.build_index


CONDITIONS = {
    None: lambda run: run.is_green,
    "${{ vars.QDRANT_URL != '' && (github.event_name == 'schedule' || inputs.build_index) }}": lambda run: (
        run.is_to_index
    ),
    "${{ !cancelled() && steps.refresh.outcome == 'success' }}": lambda run: run.outcomes.get("refresh") == 0,
    "${{ !cancelled() && steps.train.outputs.exit_code == '3' }}": lambda run: run.outputs.get("exit_code") == "3",
    "${{ !cancelled() }}": lambda _run: True,
}
"""Every condition of the workflow, word by word: a changed one is not known here, and has to be thought of anew."""


def run_of(fake: FakeHopsworks, folder: Path, inputs: Inputs = Inputs(), *, qdrant: str = "", **settings: str) -> Run:
    """All steps, as GitHub runs them: ``bash -e``, one file a step, what a step may know filled in.

    ``settings``: besides those of the workflow, for all of its steps.
    """
    folder.mkdir(exist_ok=True)
    if not (folder / ".venv").exists():
        (folder / ".venv").symlink_to(ROOT / ".venv")
    variables = fake.variables()
    values = {
        "github.workspace": str(folder),
        "vars.HOPSWORKS_HOST": variables["HOPSWORKS_HOST"],
        "vars.HOPSWORKS_PROJECT": variables["HOPSWORKS_PROJECT"],
        "vars.QDRANT_URL": qdrant,
        "secrets.HOPSWORKS_API_KEY": variables["HOPSWORKS_API_KEY"],
        "secrets.QDRANT_API_KEY": QDRANT_KEY,
        "inputs.epochs": inputs.epochs,
        "inputs.force && 'yes' || ''": "yes" if inputs.force else "",
    }
    of_the_fake = {name: variables[name] for name in ("HOPSWORKS_PORT", "HOPSWORKS_TRUST_STORE_PATH")}
    run = Run(inputs, qdrant)
    for step in STEPS:
        if not CONDITIONS[step.get("if")](run):
            continue
        told, script, output, summary = (folder / name for name in ("said", "step.sh", "output", "summary"))
        script.write_text(step["run"])
        output.write_text("")
        summary.touch()
        own = {name: _filled(value, values) for name, value in {**JOB["env"], **step.get("env", {})}.items()}
        files = {"GITHUB_OUTPUT": str(output), "GITHUB_STEP_SUMMARY": str(summary)}
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("SOUNDALIKE_", "HOPSWORKS_"))}
        with told.open("w") as sink:
            done = subprocess.run(
                ["bash", "-e", str(script)],
                cwd=folder,
                env={**kept, **of_the_fake, **settings, **own, **files},
                stdout=sink,
                stderr=subprocess.STDOUT,
                timeout=300,
                check=False,
            )
        run.outcomes[step["id"]] = done.returncode
        run.said += told.read_text()
        run.outputs.update(line.split("=", 1) for line in output.read_text().splitlines())
        run.summary = summary.read_text()
    return run


def _filled(value: object, values: dict[str, str]) -> str:
    return re.sub(r"\$\{\{ (.*?) \}\}", lambda found: values[found[1]], str(value))


@pytest.fixture(scope="module")
def fake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FakeHopsworks]:
    """A cluster with a community."""
    folder = tmp_path_factory.mktemp("retrain")
    with FakeHopsworks(folder / "cluster", address=an_address(2)) as fake:
        done(folder, "features", "synthesize", "--people", str(LARGE), "--out", str(folder))
        home, file = a_home_that_knows_texts(tmp_path_factory, folder), str(folder / "profiles.jsonl.gz")
        run = command(home, "features", "import", file, SOUNDALIKE_FEATURE_STORE="hopsworks", **fake.variables())
        assert run.returncode == 0, run.stderr
        yield fake
        assert fake.unhandled == []


def versions(fake: FakeHopsworks, folder: Path) -> str:
    return done(folder, "trainer", "list", SOUNDALIKE_MODEL_REGISTRY="hopsworks", **fake.variables())


def test_a_model_is_trained_proven_registered_and_indexed_on_a_server_for_all_who_search_it(
    fake: FakeHopsworks, tmp_path: Path
):
    with FakeQdrantSite(key=QDRANT_KEY, read_only_key="reads") as server:
        run = run_of(fake, tmp_path / "one", qdrant=server.url, **FAST)
        assert run.outcomes == {"refresh": 0, "train": 0, "index": 0, "vacuum": 0, "summary": 0}, run.said
        assert QDRANT_KEY not in run.said
        elsewhere = {"SOUNDALIKE_QDRANT_URL": server.url, "SOUNDALIKE_QDRANT_READ_ONLY_API_KEY": "reads"}
        listed = done(tmp_path / "home", "indexer", "--list", SOUNDALIKE_VECTOR_INDEX="qdrant", **elsewhere)
    assert "# model v1" in run.summary
    assert "rejected" not in versions(fake, tmp_path / "home")
    assert re.search(rf"users-v1-b1 .* {LARGE} .* live", listed)


def test_a_worse_model_leaves_the_live_one(fake: FakeHopsworks, tmp_path: Path):
    worse = run_of(fake, tmp_path / "two", qdrant=QDRANT, **POOR)
    assert worse.outcomes == {"refresh": 0, "train": 3, "vacuum": 0, "rejection": 0, "summary": 0}, worse.said
    assert "::error title=Model rejected::The gate rejected the model; the live one stays." in worse.said
    assert "the live one stays" in worse.summary
    assert "v2" in versions(fake, tmp_path / "home")
    assert "rejected" in versions(fake, tmp_path / "home")


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        (Inputs("5"), ["features refresh", "trainer train --report report 5", "indexer", "features vacuum"]),
        (
            Inputs("5", force=True, build_index=False),
            ["features refresh", "trainer train --report report --force 5", "features vacuum"],
        ),
    ],
    ids=["as it is on Sundays", "forced, without an index"],
)
def test_what_is_chosen_by_hand_reaches_the_commands(
    fake: FakeHopsworks, tmp_path: Path, inputs: Inputs, said: list[str]
):
    tells = tmp_path / ".venv" / "bin" / "python"
    tells.parent.mkdir(parents=True)
    tells.write_text("#!/bin/sh\nshift; echo $* $SOUNDALIKE_EPOCHS\n")
    tells.chmod(0o755)
    run = run_of(fake, tmp_path, inputs, qdrant=QDRANT)
    assert run.is_green
    assert run.said.splitlines() == said


def test_without_features_nothing_is_trained_and_it_is_said_why(fake: FakeHopsworks, tmp_path: Path):
    fake.fail("GET .*featurestores", status=500, times=1000)
    run = run_of(fake, tmp_path / "one")
    fake.mend()
    assert run.outcomes == {"refresh": 2, "summary": 0}
    assert "answered 500" in run.said


def test_it_runs_on_sundays_at_midnight_and_by_hand():
    assert SCHEDULE == [{"cron": "0 0 * * 0"}]
    asked = RETRAIN[True]["workflow_dispatch"]["inputs"]
    assert {name: each["default"] for name, each in asked.items()} == asdict(Inputs(epochs=""))


def test_the_workflows_may_do_little_and_pin_what_they_use():
    for file in WORKFLOWS.glob("*.yml"):
        workflow = yaml.safe_load(file.read_text(encoding="utf-8"))
        assert workflow["permissions"] == {}
        for job in workflow["jobs"].values():
            assert job["permissions"] == {"contents": "read"}
            assert job["timeout-minutes"] <= 120
            assert not any("secrets." in str(value) for value in job.get("env", {}).values())
            for step in job["steps"]:
                assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", step.get("uses", f"a/b@{'0' * 40}"))
                assert "${{" not in step.get("run", "")


def test_ci_runs_what_is_run_here():
    steps = yaml.safe_load((WORKFLOWS / "ci.yml").read_text(encoding="utf-8"))["jobs"]["check"]["steps"]
    assert [step["run"] for step in steps if "run" in step] == [".ci/run"]


def test_every_setting_that_the_workflow_names_is_one():
    kinds = (TrainerSettings, QdrantSettings, RetrieverSettings, HomeSettings)
    known = {f"SOUNDALIKE_{name.upper()}" for kind in kinds for name in kind.model_fields}
    named: dict[str, Any] = {**JOB["env"]}
    for step in STEPS:
        named |= step.get("env", {})
    assert {name for name in named if name.startswith("SOUNDALIKE_")} <= known
