import os
import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from retriever.app import create_app
from retriever.errors import JobRunning
from retriever.jobs import COMMANDS, KEPT, LINES, Job, JobKind, Jobs
from tests.small_world import SETTINGS, SmallWorld
from tests.waiting import until

Start = Callable[..., Jobs]


def a_program(text: str) -> tuple[str, ...]:
    return (sys.executable, "-c", text)


def waiting_for(path: Path) -> str:
    return f"import os, time\nwhile not os.path.exists({str(path)!r}): time.sleep(0.01)"


@pytest.fixture
def started() -> Iterator[Start]:
    all_jobs = []

    def start(text: str = "pass", command: tuple[str, ...] = ()) -> Jobs:
        program = command or a_program(text)
        jobs = Jobs({"index": program, "train": program, "rollback": program})
        jobs.start()
        all_jobs.append(jobs)
        return jobs

    yield start
    for jobs in all_jobs:
        jobs.stop()


def ended(jobs: Jobs, kind: JobKind = "index") -> Job:
    jobs.begin(kind)
    until(lambda: jobs.seen().jobs[0].state != "running")
    return jobs.seen().jobs[0]


def test_a_job_is_done_and_what_it_said_is_kept(started: Start) -> None:
    job = ended(started("import sys; print('one'); print('two', file=sys.stderr); print('\\x1b[1mthree\\x1b[0m\\r')"))

    assert (job.kind, job.state) == ("index", "done")
    assert sorted(job.said) == ["one", "three", "two"]
    assert job.ended_at is not None
    assert job.ended_at >= job.started_at


@pytest.mark.parametrize(
    ("kind", "code", "state"),
    [("train", 0, "done"), ("train", 3, "rejected"), ("train", 1, "failed"), ("index", 3, "failed"),
     ("rollback", 2, "failed")],
)  # fmt: skip
def test_the_exit_code_tells_what_became_of_a_job(started: Start, kind: JobKind, code: int, state: str) -> None:
    assert ended(started(f"raise SystemExit({code})"), kind).state == state


def test_of_many_lines_the_last_ones_are_kept_and_of_many_jobs_the_newest(started: Start) -> None:
    jobs = started("for number in range(80): print(number)")
    assert ended(jobs).said == tuple(map(str, range(80 - LINES, 80)))

    jobs = started(command=("true",))
    ids = [ended(jobs).id for _ in range(KEPT + 2)]
    assert [job.id for job in jobs.seen().jobs] == ids[:1:-1]


def test_one_job_at_a_time(started: Start, tmp_path: Path) -> None:
    jobs = started(waiting_for(tmp_path / "go"))
    first = jobs.begin("index")
    with pytest.raises(JobRunning, match="index"):
        jobs.begin("train")
    assert (first.state, first.ended_at, first.said) == ("running", None, ())

    (tmp_path / "go").touch()
    until(lambda: jobs.seen().jobs[0].state == "done")
    jobs.begin("train")


def test_a_job_gives_way_to_everything_else(started: Start) -> None:
    waiting = "import os, time\nwhile os.getpriority(os.PRIO_PROCESS, 0) != 10: time.sleep(0.01)"
    assert ended(started(waiting)).state == "done"


@pytest.mark.parametrize("obeys", [True, False])
def test_a_job_ends_with_the_server(started: Start, obeys: bool) -> None:
    ignoring = "" if obeys else "signal.signal(signal.SIGTERM, signal.SIG_IGN); "
    jobs = started(f"import os, signal, time; {ignoring}print(os.getpid(), flush=True); time.sleep(600)")
    jobs.begin("train")
    until(lambda: jobs.seen().jobs[0].said)

    assert jobs.stop(60)

    (job,) = jobs.seen().jobs
    assert job.state == "failed"
    with pytest.raises(ProcessLookupError):
        os.kill(int(job.said[0]), 0)


def test_what_a_job_has_left_running_holds_nobody_up(started: Start, tmp_path: Path) -> None:
    child = a_program(waiting_for(tmp_path / "go"))
    job = ended(started(f"import subprocess; print('begun', flush=True); subprocess.Popen({list(child)!r})"))
    (tmp_path / "go").touch()

    assert (job.state, job.said) == ("done", ("begun",))


def test_a_program_that_is_not_there_has_failed(started: Start) -> None:
    job = ended(started(command=("/nowhere/at/all",)))
    assert job.state == "failed"
    assert "could not be started" in job.said[0]


def test_the_programs_are_ours_and_no_others() -> None:
    assert {kind: command[1:] for kind, command in COMMANDS.items()} == {
        "index": ("-m", "indexer"),
        "train": ("-m", "trainer", "train"),
        "rollback": ("-m", "indexer", "--rollback"),
    }
    assert {command[0] for command in COMMANDS.values()} == {sys.executable}


def jobs_of(api: TestClient) -> list[dict[str, Any]]:
    jobs: list[dict[str, Any]] = api.get("/v1/admin/jobs").json()["jobs"]
    return jobs


def test_a_job_over_the_api_is_accepted_and_told_of(api: TestClient) -> None:
    assert jobs_of(api) == []
    answer = api.post("/v1/admin/jobs", json={"kind": "train"})

    assert answer.status_code == 202
    job = answer.json()
    assert list(job) == ["id", "kind", "state", "started_at", "ended_at", "said"]
    assert (job["kind"], job["state"], job["ended_at"], job["said"]) == ("train", "running", None, [])
    until(lambda: jobs_of(api)[0]["state"] == "done")
    (done,) = jobs_of(api)
    assert (done["id"], done["started_at"], done["said"]) == (job["id"], job["started_at"], ["trained"])
    assert datetime.fromisoformat(done["ended_at"]) >= datetime.fromisoformat(done["started_at"])


def test_a_second_job_is_refused_over_the_api_while_one_runs(world: SmallWorld, tmp_path: Path) -> None:
    commands = {"index": a_program(waiting_for(tmp_path / "go"))}
    with TestClient(create_app(lambda metrics: world.parts(metrics, jobs=commands), SETTINGS)) as api:
        assert api.post("/v1/admin/jobs", json={"kind": "index"}).status_code == 202
        refused = api.post("/v1/admin/jobs", json={"kind": "index"})
        (tmp_path / "go").touch()

    assert (refused.status_code, refused.json()["code"]) == (409, "job-running")
    assert refused.headers["content-type"] == "application/problem+json"


def test_a_repeated_request_begins_one_job(api: TestClient) -> None:
    key = {"Idempotency-Key": "3f0f9d51-7d4b-4a34-9d7e-0a6f3f5f4a11"}
    answers = [api.post("/v1/admin/jobs", json={"kind": "index"}, headers=key) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [202, 202]
    assert len(jobs_of(api)) == 1


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b'{"kind": "erase"}', {"content-type": "application/json"}, 422),
        (b'{"kind": "index", "model": 3}', {"content-type": "application/json"}, 422),
        (b"[]", {"content-type": "application/json"}, 422),
        (b'{"kind": "index"}', {"content-type": "text/plain"}, 415),
        (b'{"kind": "index"}', {}, 415),
    ],
)
def test_nothing_else_can_be_run(api: TestClient, body: bytes, headers: dict[str, str], status: int) -> None:
    assert api.post("/v1/admin/jobs", content=body, headers=headers).status_code == status
    assert jobs_of(api) == []
