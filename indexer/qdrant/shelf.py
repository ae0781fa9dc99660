"""All collections of one community on a server, and the aliases that say what each of them is.

users                    alias of the live collection
users-previous           alias of the one that was live before
users-v7-b2              alias of the collection that holds this version; one without it was not finished
users-v7-b2-r1           a collection; -r2 once it was rewritten without the bytes of deleted people
users-leases             who is at what; see ``indexer.qdrant.leases``
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from qdrant_client import models

from indexer.manifest import damaged, facts_of, version_of
from indexer.ports import IndexVersion
from indexer.qdrant.line import Line
from indexer.qdrant.making import UNLIMITED, limits, made_as, make_field_indexes
from indexer.qdrant.trouble import NotThere, Passing

LIVE, PREVIOUS, LEASES = "users", "users-previous", "users-leases"
_COLLECTION = re.compile(r"(?P<version>users-v[1-9][0-9]*-b[1-9][0-9]*)-r(?P<round>[1-9][0-9]*)")
_DOING = "The collections of the index cannot be"


class Shelf:
    """Reads and moves the labels; names are without the prefix, which is put before all of them here."""

    def __init__(self, line: Line) -> None:
        self._line, self._prefix = line, line.settings.qdrant_prefix
        self._known: dict[str, IndexVersion] = {}  # the facts of a collection never change

    def on_server(self, name: str) -> str:
        """What a collection or an alias is called there."""
        return self._prefix + name

    def aliases(self) -> dict[str, str]:
        """Collections by their aliases. Raises IndexUnavailable."""
        within_s = self._line.settings.qdrant_write_timeout_s
        answer = self._line.read(f"{_DOING} listed", lambda client: client.get_aliases(), within_s=within_s)
        found = {self._own(alias.alias_name): self._own(alias.collection_name) for alias in answer.aliases}
        return {alias: name for alias, name in found.items() if alias and name and _COLLECTION.fullmatch(name)}

    def collections(self) -> list[str]:
        """All collections that hold a version, finished or not. Raises IndexUnavailable."""
        within_s = self._line.settings.qdrant_write_timeout_s
        answer = self._line.read(f"{_DOING} listed", lambda client: client.get_collections(), within_s=within_s)
        return sorted(
            name for each in answer.collections if (name := self._own(each.name)) and _COLLECTION.fullmatch(name)
        )

    def point(self, aliases: Mapping[str, str]) -> None:
        """Point aliases at collections, in one request, in the order given. Raises IndexUnavailable.

        Each is re-pointed by one action: it leads to the one collection or to the other at any moment, never nowhere.
        A server may take the actions one after the other, so what readers follow comes first.
        """
        actions = [
            models.CreateAliasOperation(
                create_alias=models.CreateAlias(collection_name=self.on_server(name), alias_name=self.on_server(alias))
            )
            for alias, name in aliases.items()
        ]
        try:
            self._change(actions)
        except Passing:  # the nodes may have agreed all the same
            now = self.aliases()
            if any(now.get(alias) != name for alias, name in aliases.items()):
                raise

    def facts(self, collection: str) -> IndexVersion:
        """The facts of a finished collection. Raises IndexUnavailable where they are damaged."""
        if collection not in self._known:
            metadata, version = self._metadata(collection), version_in(collection)
            try:
                facts = json.loads(metadata["facts"])
            except (KeyError, ValueError, TypeError) as error:
                raise damaged(version) from error
            self._known[collection] = version_of(version, facts)
        return self._known[collection]

    def was_made_as(self, collection: str, width: int) -> bool:
        """Whether an unfinished collection is one that would be made now. Raises IndexUnavailable."""
        return self._metadata(collection).get("made_as") == made_as(self._line.settings, width)

    def reopen(self, collection: str) -> None:
        """Let a builder go on with a collection that was closed off, or not even made to its end.

        Raises:
            IndexUnavailable: the server fails.
        """
        within_s, name = self._line.settings.qdrant_admin_timeout_s, self.on_server(collection)
        self._line.write(
            f"{_DOING} reopened",
            lambda client: client.update_collection(name, strict_mode_config=UNLIMITED),
            within_s=within_s,
        )
        make_field_indexes(self._line, name)

    def finish(self, collection: str, version: IndexVersion) -> None:
        """Write a collection's facts, and close it off. Raises IndexUnavailable."""
        settings, within_s = self._line.settings, self._line.settings.qdrant_admin_timeout_s
        metadata = {
            "facts": json.dumps(facts_of(version)),  # as text, since numbers must come back to the last bit
            "model_version": version.model_version,
            "people": version.count,
            "created_at": version.created_at.isoformat(),
        }
        self._line.write(
            f"{_DOING} finished",
            lambda client: client.update_collection(
                self.on_server(collection), metadata=metadata, strict_mode_config=limits(settings)
            ),
            within_s=within_s,
        )

    def drop(self, collection: str, *, alias: str | None = None) -> None:
        """Drop a collection, its alias first so that half a one is never taken for whole. Raises IndexUnavailable."""
        if alias is not None:
            name = models.DeleteAlias(alias_name=self.on_server(alias))
            self._change([models.DeleteAliasOperation(delete_alias=name)])
        seconds = self._line.settings.qdrant_admin_timeout_s
        name_there = self.on_server(collection)
        self._line.write(
            f"{_DOING} dropped",
            lambda client: client.delete_collection(name_there, timeout=math.ceil(seconds)),
            within_s=seconds,
        )

    def _change(self, actions: Sequence[models.CreateAliasOperation | models.DeleteAliasOperation]) -> None:
        seconds = self._line.settings.qdrant_admin_timeout_s
        self._line.write(
            f"{_DOING} labelled",
            lambda client: client.update_collection_aliases(actions, timeout=math.ceil(seconds)),
            within_s=seconds,
        )

    def _metadata(self, collection: str) -> dict[str, Any]:
        name, within_s = self.on_server(collection), self._line.settings.qdrant_write_timeout_s
        try:
            info = self._line.read(f"{_DOING} read", lambda client: client.get_collection(name), within_s=within_s)
        except NotThere as error:
            raise NotThere(f"The collection {name} was dropped meanwhile.") from error
        return info.config.metadata or {}

    def _own(self, name: str) -> str:
        """The name without the prefix; empty where it is another community's."""
        return name.removeprefix(self._prefix) if name.startswith(self._prefix) else ""


def collection_of(version: str, number: int = 1) -> str:
    """The collection that holds a version after so many rewritings, from 1."""
    return f"{version}-r{number}"


def version_in(collection: str) -> str:
    """Name of the version that a collection holds."""
    return collection.rpartition("-r")[0]


def next_collection(collection: str) -> str:
    """The one that takes its place."""
    version, _, number = collection.rpartition("-r")
    return collection_of(version, int(number) + 1)
