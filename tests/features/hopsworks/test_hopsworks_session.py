"""The connection: what goes wrong is said in one line, nothing hangs, and the SDK keeps its manners to itself."""

import logging
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from features.errors import HopsworksError, HopsworksUnavailable, SettingsError
from features.hopsworks.quiet import sdk
from features.hopsworks.session import Session
from tests.cluster import Cluster, settings_of


@pytest.fixture
def cluster(cluster: Cluster) -> Cluster:
    if cluster.fake is None:
        pytest.skip("harms the cluster, so only the fake one")
    return cluster


@contextmanager
def a_session(cluster: Cluster, **changes: object) -> Iterator[Session]:
    session = Session(settings_of(cluster.fake, **changes))
    yield session
    session.close()


def said_by(session: Session, kind: type[HopsworksError] = HopsworksError) -> str:
    with pytest.raises(kind) as caught:
        session.call("looking around", lambda project: project.get_feature_store().get_feature_group("x", 1))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_login_gives_the_project(cluster: Cluster):
    with a_session(cluster) as session:
        assert session.call("asking", lambda project: project.name) == cluster.settings.project


def test_a_wrong_key_is_said_with_what_to_do(cluster: Cluster):
    with a_session(cluster, api_key="wrong") as session:
        said = said_by(session)
    assert "does not accept the API key" in said
    assert "HOPSWORKS_API_KEY" in said
    assert "wrong" not in said


def test_a_wrong_project_is_said_with_what_to_do(cluster: Cluster):
    with a_session(cluster, project="elsewhere") as session:
        said = said_by(session)
    assert "no project 'elsewhere'" in said
    assert "HOPSWORKS_PROJECT" in said


def test_a_host_that_nobody_listens_at_is_said_with_what_to_do(cluster: Cluster):
    with a_session(cluster, port=1) as session:
        said = said_by(session, HopsworksUnavailable)
    assert "cannot be reached" in said
    assert "HOPSWORKS_HOST" in said


def test_a_certificate_that_is_not_trusted_is_said_with_what_to_do(cluster: Cluster):
    with a_session(cluster, trust_store_path=None) as session:
        said = said_by(session)
    assert "certificate" in said
    assert "HOPSWORKS_TRUST_STORE_PATH" in said


def test_a_certificate_is_not_looked_at_where_that_is_wished(cluster: Cluster):
    with a_session(cluster, trust_store_path=None, hostname_verification=False) as session:
        assert session.call("asking", lambda project: project.name) == cluster.settings.project


@pytest.mark.parametrize("value", ["", "/nowhere.pem"])
def test_a_variable_of_the_sdk_s_own_does_not_keep_it_from_looking(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch, value: str
):
    monkeypatch.setenv("HOPSWORKS_TRUST_STORE_PATH", value)
    monkeypatch.setenv("HOPSWORKS_HOSTNAME_VERIFICATION", "false")
    with a_session(cluster, trust_store_path=None, hostname_verification=True) as session:
        assert "certificate" in said_by(session)
    with a_session(cluster) as session:
        assert session.call("asking", lambda project: project.name) == cluster.settings.project


def test_a_key_that_may_not_is_said_with_the_scopes_to_give_it(cluster: Cluster):
    cluster.fake.add_key("little", {"PROJECT"})
    with a_session(cluster, api_key="little") as session:
        said = said_by(session)
    assert "may not do this" in said
    assert "featurestore, project, job" in said


@pytest.mark.parametrize(("status", "words"), [(401, "API key"), (403, "may not do this"), (503, "answered 503")])
def test_an_error_at_the_login_is_not_taken_for_a_missing_project(cluster: Cluster, status: int, words: str):
    with a_session(cluster) as session:
        cluster.fake.fail("GET project/getProjectInfo", status=status)
        assert words in said_by(session)


@pytest.mark.parametrize("status", [500, 502, 503, 429])
def test_an_answer_that_is_no_use_is_said_with_its_number(cluster: Cluster, status: int):
    with a_session(cluster) as session:
        cluster.fake.fail("GET .*featurestores", status=status)
        assert f"answered {status} to looking around" in said_by(session, HopsworksUnavailable)
        assert session.call("asking", lambda project: project.name) == cluster.settings.project


def test_a_connection_that_is_cut_is_said(cluster: Cluster):
    with a_session(cluster) as session:
        cluster.fake.cut("GET .*featurestores", times=5)
        assert "broke off" in said_by(session, HopsworksUnavailable)


def test_nothing_is_waited_for_longer_than_its_deadline(cluster: Cluster):
    with a_session(cluster) as session:
        session.call("asking", lambda project: project.name)
        session._settings = settings_of(cluster.fake, timeout_s=0.5)  # once it is logged in, which may take longer
        cluster.fake.slow("GET .*featurestores", 30)
        started = time.monotonic()
        assert "did not finish looking around within 0.5 s" in said_by(session, HopsworksUnavailable)
        assert time.monotonic() - started < 10


def test_a_cluster_without_the_query_service_is_said(cluster: Cluster):
    cluster.fake.cluster_variables["enable_flyingduck"] = "false"
    store = cluster.group()
    with pytest.raises(HopsworksError, match=r"nothing can be read|query service"):
        _read(cluster, store)


def _read(cluster: Cluster, group: object) -> None:
    from features.tables.frames import encoded, table_of
    from tests.builders import a_playlist, a_profile, features_of

    with a_session(cluster) as session:
        other = type(group)(session, name=cluster.name)
        other.write(table_of([encoded(features_of(a_profile("ann", a_playlist("mix", "Air")))[0])]), is_new=True)
        list(other.row_keys())


@pytest.mark.parametrize("version", ["5.1.3", "5.9.0"])
def test_another_minor_version_is_told_of_once_and_works(
    cluster: Cluster, version: str, caplog: pytest.LogCaptureFixture
):
    cluster.fake.version = version
    minor = ".".join(version.split(".")[:2])
    with a_session(cluster) as session, caplog.at_level(logging.WARNING):
        session.call("asking", lambda project: project.name)
        session.call("asking", lambda project: project.name)
    assert [record.message for record in caplog.records] == [
        f"This cluster runs Hopsworks {minor}; the SDK that is installed is 5.2.1. "
        f"Install the one that fits: pip install 'hopsworks[python]=={minor}.*'"
    ]


def test_another_major_version_is_refused_with_the_one_that_fits(cluster: Cluster):
    cluster.fake.version = "4.3.0"
    with a_session(cluster) as session:
        assert "pip install 'hopsworks[python]==4.3.*'" in said_by(session)


def test_the_sdk_prints_warns_and_logs_nothing_of_its_own(cluster: Cluster, capfd: pytest.CaptureFixture[str]):
    _read(cluster, cluster.group())
    assert capfd.readouterr() == ("", "")


def test_what_the_sdk_s_thread_prints_goes_nowhere_and_what_others_print_meanwhile_comes_out(
    cluster: Cluster, capsys: pytest.CaptureFixture[str]
):
    def work(_project: object) -> None:
        sys.stdout.write("of the SDK\n")
        sys.stderr.write("of the SDK\n")
        other = threading.Thread(target=lambda: sys.stderr.write("of a server\n"))
        other.start()
        other.join()

    with a_session(cluster) as session:
        session.call("printing", work)
    assert capsys.readouterr() == ("", "of a server\n")


def test_the_certificate_and_its_key_lie_where_only_their_owner_looks_and_go_with_the_session(cluster: Cluster):
    with a_session(cluster) as session:
        session.call("asking", lambda project: project.name)
        folder = Path(session._certificates)
        assert folder.stat().st_mode & 0o777 == 0o700
        assert any(folder.rglob("*key*"))
    assert not folder.exists()


def test_two_sessions_take_turns(cluster: Cluster):
    cluster.fake.add_key("another", {"PROJECT", "FEATURESTORE"})
    with a_session(cluster) as one, a_session(cluster, api_key="another") as other:
        for session in (one, other, one, other):
            assert session.call("asking", lambda project: project.name) == cluster.settings.project


FRESH = """
import io, logging, sys, warnings

said = io.StringIO()
{setup}

def manners():
    root = logging.getLogger()
    of_warnings = warnings.formatwarning, warnings.showwarning, warnings.filters[:]
    return root.handlers[:], root.level, root.filters[:], *of_warnings

before = manners()
from features.hopsworks.quiet import sdk
sdk()
assert {{"hopsworks", "hsfs", "hsml", "deltalake"}} <= sys.modules.keys()
assert manners() == before, (before, manners())
for name in ("hopsworks", "hopsworks_common", "hsfs", "hsml"):
    logging.getLogger(name + ".client").error("a traceback")
assert said.getvalue() == ""
"""
CONFIGURED = """
logging.basicConfig(stream=said, level=logging.ERROR, format="%(message)s")
logging.getLogger().addFilter(lambda record: True)
warnings.formatwarning = lambda *_: "mine"
warnings.simplefilter("error", ResourceWarning)
"""


@pytest.mark.parametrize("setup", ["", CONFIGURED], ids=["as it is", "configured"])
def test_importing_the_sdk_leaves_logging_and_warnings_of_a_process_as_they_were(setup: str):
    pytest.importorskip("hopsworks")
    program = FRESH.format(setup=setup)
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False)
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def test_without_the_extra_the_line_that_installs_it_is_said(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "hopsworks", None)
    with pytest.raises(SettingsError, match=r"pip install 'soundalike\[hopsworks\]'"):
        sdk.__wrapped__()
