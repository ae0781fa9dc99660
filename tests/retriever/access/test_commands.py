import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from retriever.access.keyfile import KeyFile
from retriever.access.roles import Role
from retriever.cli import app
from retriever.errors import KeyFileError


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SOUNDALIKE_HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path


def keys(*arguments: str, code: int = 0) -> tuple[str, str]:
    result = CliRunner().invoke(app, ["keys", *arguments])
    if isinstance(result.exception, KeyFileError):
        raise result.exception
    assert result.exit_code == code, result.output
    return result.stdout, result.stderr


def test_a_key_is_printed_once_and_works(home: Path) -> None:
    printed, said = keys("add", "web", "--role", "write")

    (key,) = printed.split()
    entry = KeyFile(home).read().find(key, datetime.now(UTC))
    assert (entry.name, entry.role, entry.expires_at) == ("web", Role.WRITE, None)
    assert f"Key {entry} may write" in said
    assert key not in said
    assert key not in "".join(keys("list"))


def test_without_a_role_it_may_only_read_and_it_can_expire(home: Path) -> None:
    keys("add", "web", "--expires-days", "7")

    (entry,) = KeyFile(home).read().keys
    assert entry.role is Role.READ
    assert timedelta(days=6) < entry.expires_at - datetime.now(UTC) <= timedelta(days=7)


def test_the_list_tells_what_each_key_is_and_which_are_over(home: Path) -> None:
    keys("add", "web")
    keys("add", "old", "--role", "admin", "--expires-days", "0")
    first, second = KeyFile(home).read().keys
    _, *lines = keys("list")[0].splitlines()

    assert [line.split()[:3] for line in lines] == [[first.id, "web", "read"], [second.id, "old", "admin"]]
    assert [line.split()[-1] for line in lines] == ["never", "expired"]


def test_a_key_is_revoked_by_its_name_or_its_id(home: Path) -> None:
    keys("add", "web")
    keys("add", "web")
    keys("add", "app")
    first, second, _ = KeyFile(home).read().keys

    keys("revoke", "app")
    keys("revoke", first.id)
    assert KeyFile(home).read().keys == (second,)


def test_a_name_that_two_keys_have_revokes_neither_and_names_their_ids(home: Path) -> None:
    keys("add", "web")
    keys("add", "web")
    first, second = KeyFile(home).read().keys

    with pytest.raises(KeyFileError, match=f"2 keys are called 'web'.*{first.id}, {second.id}"):
        keys("revoke", "web")
    assert KeyFile(home).read().keys == (first, second)


def test_a_key_that_is_not_there_cannot_be_revoked(home: Path) -> None:
    with pytest.raises(KeyFileError, match="no key 'web'"):
        keys("revoke", "web")


def test_a_name_or_role_that_does_not_fit_makes_no_key(home: Path) -> None:
    assert "letters, digits" in keys("add", "two words", code=2)[1]
    assert "owner" in keys("add", "web", "--role", "owner", code=2)[1]
    assert not KeyFile(home).path.exists()


def test_the_help_teaches_how_to_use_and_to_change_a_key(home: Path) -> None:
    said = " ".join(keys("--help")[0].split())

    for word in ("Authorization: Bearer KEY", "revoke", "without a gap", "127.0.0.1"):
        assert word in said
    assert "read: ask about known people" in " ".join(keys("add", "--help")[0].replace("│", " ").split())


def test_a_key_is_delivered_into_a_file_that_only_its_owner_reads(home: Path) -> None:
    file = home / "page" / "key"
    file.parent.mkdir()
    printed, said = keys("deliver", "page", str(file), "--role", "write")

    entry = KeyFile(home).read().find(file.read_text(), datetime.now(UTC))
    assert (entry.name, entry.role) == ("page", Role.WRITE)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert f"Key {entry} may write" in said
    assert file.read_text() not in printed + said


def test_a_key_that_was_delivered_stays_for_as_long_as_it_is_good(home: Path) -> None:
    file = home / "key"
    keys("deliver", "page", str(file))
    first = file.read_text()
    assert "holds a key of page" in keys("deliver", "page", str(file))[1]
    assert (file.read_text(), len(KeyFile(home).read().keys)) == (first, 1)

    keys("deliver", "page", str(file), "--role", "write")
    (_, written) = KeyFile(home).read().keys
    assert (written.role, KeyFile(home).read().find(file.read_text(), datetime.now(UTC))) == (Role.WRITE, written)
    keys("revoke", written.id)
    keys("deliver", "page", str(file), "--role", "write")
    assert KeyFile(home).read().find(file.read_text(), datetime.now(UTC)) not in (None, written)


def test_a_key_that_cannot_be_delivered_lets_nobody_in(home: Path) -> None:
    with pytest.raises(KeyFileError, match=r"nowhere.key cannot be used: No such file"):
        keys("deliver", "page", str(home / "nowhere" / "key"))
    assert KeyFile(home).read().keys == ()
