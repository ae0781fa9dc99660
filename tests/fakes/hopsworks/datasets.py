"""Files of the project: looked at, listed, made, moved, deleted, uploaded in chunks and downloaded."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .routing import IN_PROJECT, Answer, NotFaked, Refused, Request, route
from .state import USER, Json, State

_ORDERS: dict[str, Callable[[Path], Any]] = {"NAME": lambda file: file.name, "ID": lambda file: file.stat().st_ino}


def place(state: State, path: str) -> Path:
    """Where a path lies here, given from the root or from the project's folder. Raises Refused."""
    path = path.strip("/")
    inside = path if path.startswith("Projects/") else f"Projects/{state.project}/{path}"
    found = (state.files / inside).resolve()
    if not found.is_relative_to(state.files.resolve()):
        raise Refused(400, 110028, "Name of dir is invalid")
    return found


def remove(state: State, found: Path) -> None:
    """Delete a file or folder, and what is being uploaded into it."""
    if found.is_dir():
        shutil.rmtree(found)
    else:
        found.unlink()
    for target in [target for target in state.uploads if target.is_relative_to(found)]:
        del state.uploads[target]
        _staged(state, target).unlink(missing_ok=True)


def _existing(state: State, path: str) -> Path:
    found = place(state, path)
    if not found.exists():
        raise Refused(400, 110018, "Path not found", f"path: {path}")
    return found


def _inode(state: State, found: Path) -> Json:
    about, path = found.stat(), "/" + found.relative_to(state.files.resolve()).as_posix()
    attributes: Json = {
        "id": about.st_ino,
        "name": found.name,
        "dir": found.is_dir(),
        "path": path,
        "size": 0 if found.is_dir() else about.st_size,
        "owner": f"{state.project}__{USER}",
        "permission": "rwxrwx---",
        "modificationTime": datetime.fromtimestamp(about.st_mtime, UTC).isoformat(timespec="seconds"),
        "underConstruction": False,
    }
    if len(found.relative_to(state.files.resolve()).parts) > 3:
        return {"attributes": attributes, "zipState": "NONE"}
    return {"id": about.st_ino, "name": found.name, "datasetType": "DATASET", "attributes": attributes}


def _look(state: State, request: Request) -> Answer:
    found = _existing(state, request.named.get("path", ""))
    action = request.asked("action", "stat")
    if action == "stat":
        return Answer(_inode(state, found))
    if action != "listing":
        raise NotFaked(f"the action {action}")
    if not found.is_dir():
        raise Refused(400, 110019, "Requested path is not a directory")
    by, _, direction = (request.asked("sort_by") or "ID:asc").partition(":")
    inside = sorted(found.iterdir(), key=_ORDERS[by], reverse=direction == "desc")
    start, limit = int(request.asked("offset") or 0), int(request.asked("limit") or len(inside))
    return Answer({"count": len(inside), "items": [_inode(state, each) for each in inside[start : start + limit]]})


def _act(state: State, request: Request) -> Answer:
    path, action = request.named["path"], request.asked("action", "create")
    if action == "create":
        return _make(state, place(state, path))
    if action not in ("copy", "move"):
        raise NotFaked(f"the action {action}")
    found, target = _existing(state, path), place(state, request.asked("destination_path") or "")
    if target.exists():
        raise Refused(400, 110012, "Destination already exists.")
    if action == "move":
        found.rename(target)
    elif found.is_dir():
        shutil.copytree(found, target)
    else:
        shutil.copyfile(found, target)
    return Answer(status=204)


def _make(state: State, found: Path) -> Answer:
    if found.exists():
        told = f"The given path: {found.relative_to(state.files.resolve())} already exists"
        raise Refused(400, 110047, "A sub-directory with the same name already exists.", told)
    if not found.parent.is_dir():
        raise Refused(422, 120001, "An argument was not provided or it was malformed.", "No such parent folder")
    found.mkdir()
    return Answer(_inode(state, found), 201)


def _delete(state: State, request: Request) -> Answer:
    remove(state, _existing(state, request.named["path"]))
    return Answer(status=204)


def _download(state: State, request: Request) -> Answer:
    found = _existing(state, request.named["path"])
    if found.is_dir():
        raise Refused(400, 110020, "Requested path is a directory")
    return Answer(found)


def _upload(state: State, request: Request) -> Answer:
    """Take one chunk; the file is there when all are, in whatever order they come."""
    form = _form(request)
    target = place(state, request.named["path"]) / form["flowFilename"].decode()
    staged, number = _staged(state, target), int(form["flowChunkNumber"])
    with staged.open("r+b" if staged.exists() else "w+b") as file:
        file.seek((number - 1) * int(form["flowChunkSize"]))
        file.write(form["file"])
    arrived = state.uploads.setdefault(target, set())
    arrived.add(number)
    if len(arrived) >= int(form["flowTotalChunks"]):
        target.parent.mkdir(parents=True, exist_ok=True)
        staged.replace(target)
        del state.uploads[target]
    return Answer()


def _staged(state: State, target: Path) -> Path:
    return state.staging / target.relative_to(state.files.resolve()).as_posix().replace("/", "|")


def _form(request: Request) -> dict[str, bytes]:
    """The parts of a multipart body by name."""
    boundary = request.content_type.partition("boundary=")[2].strip('"').encode()
    form = {}
    for part in request.body.split(b"--" + boundary)[1:-1]:
        head, _, content = part.partition(b"\r\n\r\n")
        name = head.partition(b'name="')[2].partition(b'"')[0].decode()
        form[name] = content.removesuffix(b"\r\n")
    return form


_ALL = f"{IN_PROJECT}/dataset"
ROUTES = (
    route(f"POST {_ALL}/upload/{{path...}}", _upload, "DATASET_CREATE"),
    route(f"GET {_ALL}/download/with_auth/{{path...}}", _download, "DATASET_VIEW"),
    route(f"GET {_ALL}", _look, "DATASET_VIEW"),
    route(f"GET {_ALL}/{{path...}}", _look, "DATASET_VIEW"),
    route(f"POST {_ALL}/{{path...}}", _act, "DATASET_CREATE"),
    route(f"DELETE {_ALL}/{{path...}}", _delete, "DATASET_DELETE"),
)
