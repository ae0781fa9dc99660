"""Every service of compose.yaml does its work in the layout of its container, started in the order that they depend on
each other, with the commands and the environment that stand in docker/.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from tests.docker.files import compose, manifests
from tests.docker.layout import Project, a_project, possible
from tests.docker.metrics import known_in, named_in_monitoring
from tests.fakes.qdrant import FakeQdrantSite
from tests.whole.conftest import Whole
from tests.whole.programs import SMALL

pytestmark = pytest.mark.xdist_group("dashboard")  # they begin with a copy of that home

OWNER = 10001

ASK = """
from pathlib import Path
from urllib.request import Request, urlopen
(key,) = [file.read_text() for file in Path("/run/secrets").iterdir()]
asked = Request("http://retriever:8000{path}", headers={{"Authorization": f"Bearer {{key}}"}})
print(urlopen(asked, timeout=20).read().decode())
"""

ASK_AS_THE_PAGE = """
from dashboard.compose import open_wire
from dashboard.settings import load
settings = load()
print(open_wire(settings).get("/v1/status", {"authorization": f"Bearer {settings.api_key.get_secret_value()}"}).text)
"""


@pytest.fixture(scope="module")
def project(whole: Whole, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A community in the volume, and a key for everybody; nothing serves yet."""
    with _a_community(tmp_path_factory.mktemp("containers"), whole) as project:
        yield project


@contextmanager
def _a_community(folder: Path, whole: Whole) -> Iterator[Project]:
    possible()
    for place in (folder, *folder.parents[:2]):
        place.chmod(0o755)
    with a_project(folder) as project:
        shutil.copytree(whole.spare, project.volume("home"), dirs_exist_ok=True)
        for volume in ("home", "dashboard-key", "prometheus-key"):
            _own(project.volume(volume))
        project.run("keys")
        yield project


def _own(folder: Path) -> None:
    folder.chmod(0o755 if folder.name == "prometheus-key" else 0o700)
    for each in (folder, *folder.rglob("*")):
        shutil.chown(each, OWNER, OWNER)


@pytest.fixture(scope="module")
def serving(project: Project) -> Iterator[Project]:
    with project.started("retriever"):
        yield project


@pytest.fixture(scope="module")
def over_qdrant(whole: Whole, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Project, FakeQdrantSite]]:
    """Another one, whose docker/.env chooses a Qdrant server, and that server, on which its index was published."""
    folder, site = tmp_path_factory.mktemp("over-qdrant"), FakeQdrantSite(key="writes", read_only_key="reads")
    with _a_community(folder, whole) as project, ExitStack() as stack:
        project.within(site.__enter__)
        stack.push(site)
        keys = {"QDRANT_API_KEY": "writes", "QDRANT_READ_ONLY_API_KEY": "reads"}
        url = site.url.replace("127.0.0.1", "qdrant")
        chosen = replace(project, dotenv={"VECTOR_INDEX": "qdrant", "QDRANT_URL": url, **keys})
        chosen.run("indexer")
        yield chosen, site


def test_the_root_is_read_only_and_nothing_is_roots(project: Project):
    seen = project.script(
        "trainer",
        "import os, pathlib; print(os.getuid(), os.getgid(), pathlib.Path('/proc/self/status').read_text())\n"
        "for place in ('/x', '/app/x', '/opt/soundalike/x', '/tmp/x', '/data/x'):\n"
        "    try: pathlib.Path(place).write_text(''); print('wrote', place)\n"
        "    except OSError as error: print(error.strerror, place)",
    )

    assert seen.startswith(f"{OWNER} {OWNER} ")
    assert set(re.findall(r"Cap(?:Eff|Prm|Bnd|Amb):\s*(\w+)", seen)) == {"0" * 16}
    assert re.findall(r"wrote (\S+)", seen) == ["/tmp/x", "/data/x"]  # noqa: S108 - of the container


def test_a_second_start_leaves_everybody_their_keys(project: Project):
    files = [project.volume("dashboard-key") / "soundalike_api_key", project.volume("prometheus-key") / "key"]
    before = [file.read_text() for file in files]

    project.run("keys")

    assert [file.read_text() for file in files] == before


def test_the_demo_leaves_a_community_as_it_is(project: Project):
    before = _files(project.volume("home"))

    shown = project.run("demo")

    assert "users-v1-b1" in shown  # it was listed, and that was all
    assert _files(project.volume("home")) == before


def test_the_demo_begins_where_there_is_no_index(project: Project):
    elsewhere = replace(project, folder=project.folder / "elsewhere")
    _own(elsewhere.volume("home"))
    (script,) = compose()["services"]["demo"]["command"]

    assert elsewhere.run("demo", f"{script.splitlines()[0]}\necho begins").endswith("begins\n")


def _files(home: Path) -> dict[Path, int]:
    return {file: file.stat().st_mtime_ns for file in home.rglob("*") if file.is_file()}


def test_a_pod_takes_the_hashes_of_the_keys_over_from_a_secret_onto_its_disk(project: Project):
    (retriever,) = [each for each in manifests("base") if each["kind"] == "StatefulSet"]
    pod = retriever["spec"]["template"]["spec"]
    disk, secret = project.volume("disk"), project.volume("secret")
    shutil.copy(project.volume("home") / "keys.json", secret)
    (secret / "keys.json").chmod(0o440)
    shutil.chown(secret / "keys.json", group=OWNER)  # as fsGroup has it
    shutil.chown(disk, group=OWNER)
    disk.chmod(0o2775)
    places = [f"{disk}:/data", f"{secret}:/run/keys:ro"]

    for _each_start in range(2):
        project.of_a_pod(pod["initContainers"][0], places)

    listed = project.of_a_pod(pod["containers"][0], places, "python", "-m", "retriever", "keys", "list")
    assert re.findall(r"\w+ +(\w+) +(\w+) ", listed)[1:] == [("dashboard", "write"), ("prometheus", "admin")]


def test_the_page_and_its_key_reach_the_api(serving: Project):
    with serving.started("dashboard"):
        assert json.loads(serving.script("dashboard", ASK_AS_THE_PAGE))["status"] == "ready"


def test_the_former_page_starts_over_the_same_api(serving: Project):
    with serving.started("gradio"):
        pass


def test_whoever_has_the_pages_key_is_answered(serving: Project, whole: Whole):
    shutil.copy(whole.folder / "export.zip", serving.volume("home"))
    key = (serving.volume("dashboard-key") / "soundalike_api_key").read_text()
    asked = ["retriever", "ask", "/data/export.zip", "--url", "http://retriever:8000", "--forget-me"]
    shown = serving.run("indexer", *asked, SOUNDALIKE_API_KEY=key)

    assert "To discover through them" in shown


def test_prometheus_is_let_in_and_finds_all_that_panels_and_alerts_name(serving: Project):
    told = serving.ask("prometheus-key", ASK.format(path="/metrics"), user="65534:65534")

    assert sorted(named_in_monitoring() - known_in(told)) == []


def test_the_trainer_and_the_indexer_work_beside_the_server(serving: Project):
    assert "v1" in serving.run("trainer", "trainer", "list")  # training anew tells nothing more, and takes long
    assert "users-v1-b2" in serving.run("indexer")


def test_the_indexer_publishes_on_the_qdrant_server_that_docker_env_names(over_qdrant: tuple[Project, FakeQdrantSite]):
    _project, site = over_qdrant

    assert "users-v1-b1-r1" in site.names()
    assert site.info("users").points_count == SMALL  # by the alias of what is live


def test_the_retriever_searches_that_server_with_the_key_that_only_reads(over_qdrant: tuple[Project, FakeQdrantSite]):
    project, site = over_qdrant
    before = len(site.asked)

    with project.started("retriever"):
        told = project.ask("dashboard-key", ASK.format(path="/v1/users/synthetic-000000/similar"), user="10001:10001")

    searches = [request for request in site.asked[before:] if request.url.path.endswith("/points/query")]
    assert len(json.loads(told)["recommendations"]) > 1
    assert {request.headers["api-key"] for request in searches} == {"reads"}
