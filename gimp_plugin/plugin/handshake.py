"""Getting through to the worker, or learning in time that nobody answers."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import Future, wait
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection
from threading import Thread
from time import monotonic

from .errors import PluginError
from .paths import Runtime
from .protocol import Header, receive, send

GREETING_SECONDS = 20.0
"""How long a running worker may take to let somebody in and greet."""
STEP = 0.1
"""Seconds between two signs of life for the user."""

Wait = Callable[[], None]
"""Called about ten times a second while there is nothing to do but wait."""


class GoneError(Exception):
    """There is no worker, or it is leaving."""


def handshake(runtime: Runtime, request: Header, on_wait: Wait) -> tuple[Connection, Header]:
    """Connect to the worker that the card names and send one request. Raises `GoneError` if nobody answers."""
    try:
        card = json.loads(runtime.card.read_text(encoding="utf-8"))
        address, key = card["address"], bytes.fromhex(card["key"])
    except (OSError, ValueError, KeyError, TypeError):
        raise GoneError from None
    end = monotonic() + GREETING_SECONDS

    def be_patient() -> None:
        on_wait()
        if monotonic() > end:
            raise PluginError(
                f"Inpaint's engine (process {card.get('pid')}) does not answer; end that process and try again."
            )

    connection = _shake_hands(address, key, be_patient)
    try:
        send(connection, request)
        while not connection.poll(STEP):
            be_patient()
        greeting, _ = receive(connection)
        if greeting.get("state") != "done":
            raise GoneError
    except (OSError, EOFError):
        connection.close()
        raise GoneError from None
    except BaseException:
        connection.close()
        raise
    return connection, greeting


def _shake_hands(address: str, key: bytes, on_wait: Wait) -> Connection:
    """Return a connection to a worker that knows the key; what `on_wait` raises ends the waiting.

    `Client` waits for a stopped process without end, so it does that in a thread of its own; a connection that comes
    too late is closed. Raises `GoneError` if nobody answers.
    """
    shaking: Future[Connection] = Future()

    def shake() -> None:
        try:
            shaking.set_result(Client(address, authkey=key))
        except BaseException as error:
            shaking.set_exception(error)

    Thread(target=shake, daemon=True).start()
    try:
        while not wait([shaking], STEP).done:
            on_wait()
    except BaseException:
        shaking.add_done_callback(_hang_up)
        raise
    try:
        return shaking.result()
    except (OSError, EOFError, ValueError, TypeError, AuthenticationError):
        raise GoneError from None


def _hang_up(shaking: Future[Connection]) -> None:
    """Close the connection, if there is one."""
    if shaking.exception() is None:
        shaking.result().close()
