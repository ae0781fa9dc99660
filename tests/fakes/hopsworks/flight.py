"""The query service: Arrow Flight over mutual TLS. It hands out what ``query`` finds, in several record batches."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.flight as fl

from .certificates import Identity
from .faults import Failure, Strike
from .query import NothingThere, result
from .routing import NotFaked
from .state import Call, Json, State

PORT = 5005
"""Fixed: the SDK knows no other."""
_LAST_WORD_S = 5.0


class QueryService(fl.FlightServerBase):
    """Serves until it is closed."""

    def __init__(self, state: State, identity: Identity, authority: bytes) -> None:
        _check_is_free(state.address)
        super().__init__(
            f"grpc+tls://{state.address}:{PORT}",
            tls_certificates=[(identity.certificate, identity.key)],
            verify_client=True,
            root_certificates=authority,
        )
        self._state = state
        self._closing = threading.Event()
        self._serving = threading.Thread(target=self.serve, name="fake hopsworks flight", daemon=True)
        self._serving.start()

    def list_actions(self, context: fl.ServerCallContext) -> list[fl.ActionType]:
        self._called("list_actions")
        return [fl.ActionType(name, "") for name in ("healthcheck", "get-version", "register-client-certificates")]

    def do_action(self, context: fl.ServerCallContext, action: fl.Action) -> Iterator[fl.Result]:
        self._called(action.type)
        yield fl.Result(pa.py_buffer(self._state.version.encode()))

    def get_flight_info(self, context: fl.ServerCallContext, descriptor: fl.FlightDescriptor) -> fl.FlightInfo:
        self._called("get_flight_info")
        return fl.FlightInfo(pa.schema([]), descriptor, [fl.FlightEndpoint(descriptor.command, [])], -1, -1)

    def do_get(self, context: fl.ServerCallContext, ticket: fl.Ticket) -> fl.FlightDataStream:
        strike = self._called("do_get")
        found = self._found(json.loads(ticket.ticket))
        return fl.GeneratorStream(found.schema, self._batches(found, strike))

    def close(self) -> None:
        """Stop; a client that does not read on what it asked for is not waited for."""
        self._closing.set()
        last_word = threading.Thread(target=self.shutdown, daemon=True)
        last_word.start()
        last_word.join(_LAST_WORD_S)
        self._serving.join(_LAST_WORD_S)

    def _called(self, name: str) -> Strike:
        strike = self._state.called(Call("FLIGHT", name, {}))
        if self._closing.wait(strike.delay):
            raise fl.FlightUnavailableError("the service is stopped")
        if strike.failure is not None:
            raise _error(strike.failure)
        if strike.cut is not None and name != "do_get":
            raise fl.FlightUnavailableError("the connection broke off")
        return strike

    def _found(self, payload: Json) -> pa.Table:
        state = self._state
        try:
            group = state.groups.get(payload["groupId"])
            if group is None:
                raise NothingThere("No delta logs found")
            name = f"{state.store_name}.{group['name']}_{group['version']}"
            return result(payload["query"], state.table(group["name"], group["version"]), name)
        except NothingThere as nothing:
            raise fl.FlightServerError(str(nothing)) from None
        except NotFaked as missing:
            state.unhandled.append(f"FLIGHT do_get: {missing}")
            raise fl.FlightServerError(f"The fake does not do this: {missing}") from None

    def _batches(self, found: pa.Table, strike: Strike) -> Iterator[pa.RecordBatch]:
        for number, batch in enumerate(found.combine_chunks().to_batches(max_chunksize=self._state.batch_rows)):
            if number and (strike.cut is not None or self._closing.is_set()):
                break
            yield batch
        if strike.cut is not None or self._closing.is_set():
            raise fl.FlightUnavailableError("the connection broke off")


def _error(failure: Failure) -> Exception:
    kind = fl.FlightUnavailableError if failure.status == 503 else fl.FlightServerError
    return kind(failure.message)


def _check_is_free(address: str) -> None:
    """gRPC would share the port with another fake, and clients be answered by either. Raises OSError."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((address, PORT))
