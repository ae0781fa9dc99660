import stat
import threading
from pathlib import Path

import pytest

from retriever.access.keyfile import FollowedKeys, KeyFile
from retriever.access.keys import KeyRing, new_key
from retriever.access.roles import Role
from retriever.errors import KeyFileError
from tests.builders import NOW


def add(file: KeyFile, name: str = "web") -> str:
    key, entry = new_key(name, Role.READ, now=NOW)
    file.change(lambda ring: ring.with_key(entry))
    return key.get_secret_value()


@pytest.fixture
def file(tmp_path: Path) -> KeyFile:
    return KeyFile(tmp_path / "home")


def test_no_file_is_no_keys(file: KeyFile) -> None:
    assert file.read() == KeyRing()


def test_what_was_written_is_read_again(file: KeyFile) -> None:
    first, second = add(file, "a"), add(file, "b")

    assert [key.name for key in file.read().keys] == ["a", "b"]
    assert KeyFile(file.path.parent).read() == file.read()
    assert file.read().find(first, NOW) != file.read().find(second, NOW) is not None


def test_only_its_owner_may_read_the_file_and_no_key_is_in_it(file: KeyFile) -> None:
    keys = [add(file), add(file)]

    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    for found in file.path.parent.rglob("*"):
        assert stat.S_IMODE(found.stat().st_mode) & 0o077 == 0 or found.name.endswith(".lock")
        assert not any(key in found.read_text() for key in keys)


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", '{"format": 2, "keys": []}', '{"keys": [{"name": "web"}]}', '{"keys": [], "more": 1}', "\x00"],
)
def test_a_file_of_something_else_is_refused_without_quoting_it(file: KeyFile, content: str) -> None:
    file.path.parent.mkdir()
    file.path.write_text(content)
    file.path.chmod(0o600)

    with pytest.raises(KeyFileError, match=r"keys\.json is not a file of API keys"):
        file.read()


def test_the_complaint_about_a_broken_file_does_not_hold_what_is_in_it(file: KeyFile) -> None:
    file.path.parent.mkdir()
    file.path.write_text('{"keys": [{"name": "web", "sha256": "soundalike_key-by-mistake"}]}')

    with pytest.raises(KeyFileError) as found:
        file.read()
    assert "by-mistake" not in str(found.value)


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666])
def test_a_file_that_others_may_write_to_is_refused(file: KeyFile, mode: int) -> None:
    add(file)
    file.path.chmod(mode)

    with pytest.raises(KeyFileError, match="Others may write"):
        file.read()


def test_a_folder_in_the_way_is_one_clear_line(file: KeyFile) -> None:
    file.path.mkdir(parents=True)

    with pytest.raises(KeyFileError, match="Is a directory"):
        file.read()


def test_a_change_that_fails_leaves_the_file_as_it_was(file: KeyFile) -> None:
    add(file)
    before = file.path.read_bytes()

    def fail(_ring: KeyRing) -> KeyRing:
        raise KeyFileError("no")

    with pytest.raises(KeyFileError, match="no"):
        file.change(fail)
    assert file.path.read_bytes() == before


def test_changes_at_the_same_time_lose_nothing(file: KeyFile) -> None:
    threads = [threading.Thread(target=add, args=(file, f"k{number}")) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {key.name for key in file.read().keys} == {f"k{number}" for number in range(12)}


def test_what_a_killed_command_left_behind_is_in_nobodys_way(file: KeyFile) -> None:
    import os

    file.path.parent.mkdir()
    file.path.with_name(f".keys.json.{os.getpid()}.tmp").write_text("half")
    add(file)

    assert len(file.read().keys) == 1


def test_a_server_sees_keys_that_come_and_go(file: KeyFile) -> None:
    followed = FollowedKeys(file)
    assert followed.ring() == KeyRing()

    key = add(file)
    found = followed.ring().find(key, NOW)
    assert found is not None

    file.change(lambda ring: ring.without(found))
    assert followed.ring().find(key, NOW) is None

    add(file)
    assert followed.ring().keys
    file.path.unlink()
    assert followed.ring() == KeyRing()


def test_the_keys_from_before_stay_while_the_file_is_broken(file: KeyFile, caplog: pytest.LogCaptureFixture) -> None:
    key = add(file)
    followed = FollowedKeys(file)
    good = file.path.read_text()

    file.path.write_text("{")
    assert followed.ring().find(key, NOW)
    assert followed.ring().find(key, NOW)
    assert len([record for record in caplog.records if record.levelname == "ERROR"]) == 1

    file.path.write_text(good.replace('"keys"', '"keys" ').replace("web", "app"))
    assert [entry.name for entry in followed.ring().keys] == ["app"]


def test_a_server_does_not_start_with_a_broken_file(file: KeyFile) -> None:
    file.path.parent.mkdir()
    file.path.write_text("{")

    with pytest.raises(KeyFileError):
        FollowedKeys(file)
