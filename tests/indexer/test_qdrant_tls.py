"""A server whose certificate no public authority has signed: trusted by the settings' file, else not told the key."""

from __future__ import annotations

import gc
import ipaddress
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from features.errors import SettingsError
from features.settings import load
from indexer.errors import IndexUnavailable
from indexer.points import points_of
from indexer.qdrant.catalog import QdrantIndexCatalog
from indexer.qdrant.collection import structs
from indexer.qdrant.line import Line
from indexer.qdrant.settings import QdrantSettings
from indexer.qdrant.trouble import Passing
from indexer.qdrant.upload import Upload
from tests.fakes.qdrant import FakeQdrant, FakeQdrantSite
from tests.fakes.qdrant_grpc import FakeQdrantGrpc
from tests.indexer.qdrant_servers import settings_of
from tests.indexer.versions import EAST, a_person, a_version, ids

KEY = "a-key-that-writes"
HERE = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))


@dataclass(frozen=True)
class Identity:
    """A certificate that is signed by itself, and its key, as files."""

    certificate: Path
    key: Path

    def over_http(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        return context

    def over_grpc(self) -> grpc.ServerCredentials:
        return grpc.ssl_server_credentials([(self.key.read_bytes(), self.certificate.read_bytes())])


def an_identity(folder: Path, *, of: x509.GeneralName = HERE, days: int = 1) -> Identity:
    folder.mkdir()
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=2))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([of]), critical=True)
        .sign(key, hashes.SHA256())
    )
    identity = Identity(folder / "certificate.pem", folder / "key.pem")
    identity.certificate.write_bytes(certificate.public_bytes(Encoding.PEM))
    identity.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return identity


Served = tuple[FakeQdrant, dict[str, Any]]
"""A server, and the settings that lead to it."""
Serve = Callable[[Identity], Served]


@contextmanager
def over_rest(identity: Identity) -> Iterator[Served]:
    with FakeQdrantSite(tls=identity.over_http(), key=KEY) as fake:
        yield fake, {"qdrant_url": fake.url, "qdrant_api_key": KEY}


@contextmanager
def over_grpc(identity: Identity) -> Iterator[Served]:
    with FakeQdrantGrpc(tls=identity.over_grpc(), key=KEY) as fake:
        yield fake, {**fake.address, "qdrant_api_key": KEY}


@pytest.fixture(params=[over_rest, over_grpc])
def serve(request: pytest.FixtureRequest) -> Iterator[Serve]:
    with ExitStack() as servers:
        yield lambda identity: servers.enter_context(request.param(identity))


def test_with_its_certificate_in_the_file_a_server_is_built_on_and_searched(serve: Serve, tmp_path: Path):
    identity = an_identity(tmp_path / "server")
    fake, settings = serve(identity)
    with closing(QdrantIndexCatalog(settings_of(**settings, qdrant_ca_file=identity.certificate))) as catalog:
        index = catalog.open(a_version(catalog, a_person("ann", EAST)))
        assert ids(index, EAST, 3) == ["ann"]
        index.close()
    assert {request.headers["api-key"] for request in fake.asked} == {KEY}


UNTRUSTED = {
    "no public authority has signed it": ({}, None),
    "another has signed it": ({}, "another"),
    "it is another host's": ({"of": x509.DNSName("elsewhere.example")}, "server"),
    "it has expired": ({"days": -1}, "server"),
}


@pytest.mark.parametrize(("what", "trusted"), UNTRUSTED.values(), ids=UNTRUSTED.keys())
def test_any_other_certificate_is_refused_and_said_so_and_the_key_not_shown(
    serve: Serve, tmp_path: Path, what: dict[str, Any], trusted: str | None
):
    known = {name: an_identity(tmp_path / name, **what) for name in ("server", "another")}
    fake, settings = serve(known["server"])
    file = known[trusted].certificate if trusted else None
    with closing(QdrantIndexCatalog(settings_of(**settings, qdrant_ca_file=file))) as catalog:
        for question in (catalog.live, lambda: catalog.create(1, 4)):
            with pytest.raises(IndexUnavailable, match="not trusted") as refused:
                question()
            assert "SOUNDALIKE_QDRANT_CA_FILE" in refused.value.mend
    assert fake.asked == []


def test_a_build_does_not_wait_for_a_certificate_to_become_a_good_one(serve: Serve, tmp_path: Path):
    _, settings = serve(an_identity(tmp_path / "server"))
    with closing(Line(settings_of(**settings, qdrant_upload_patience_s=86_400))) as line:
        upload = Upload(line, "users-v1-b1-r1", 1)
        upload.put(structs(points_of([a_person("ann")], 4)))
        with pytest.raises(IndexUnavailable, match="not trusted"):
            upload.drain()


PROTOCOLS = pytest.mark.parametrize("grpc_too", [False, True], ids=["rest", "grpc"])


def gives_up_in_time(settings: QdrantSettings) -> None:
    with closing(Line(settings)) as line:
        asked = line.start(line.reading("It cannot be read", lambda client: client.get_aliases(), within_s=0.3))
        with pytest.raises(Passing, match=r"no answer within 0\.3 s"):
            asked.result(60)


@PROTOCOLS
@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_a_server_that_does_not_shake_hands_is_given_up_in_time(grpc_too: bool, tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        where = {"qdrant_url": f"https://127.0.0.1:{port}", "qdrant_grpc": grpc_too, "qdrant_grpc_port": port}
        gives_up_in_time(settings_of(**where, qdrant_ca_file=an_identity(tmp_path / "server").certificate))
    gc.collect()  # httpcore leaves a connection to it that is broken off while hands are shaken


@PROTOCOLS
@pytest.mark.parametrize("content", ["", "hello", "-----BEGIN CERTIFICATE-----\nMIIB"], ids=["empty", "text", "half"])
def test_a_file_that_holds_no_certificates_is_named(grpc_too: bool, content: str, tmp_path: Path):
    file = tmp_path / "authorities.pem"
    file.write_text(content)
    settings = settings_of(qdrant_url="https://127.0.0.1:1", qdrant_grpc=grpc_too, qdrant_ca_file=file)
    with closing(QdrantIndexCatalog(settings)) as catalog, pytest.raises(IndexUnavailable, match=str(file)):
        catalog.live()


def test_a_file_that_is_not_there_is_refused_by_the_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("SOUNDALIKE_QDRANT_CA_FILE", str(tmp_path / "nothing.pem"))
    with pytest.raises(SettingsError, match="SOUNDALIKE_QDRANT_CA_FILE"):
        load(QdrantSettings)
