"""How plug-in and worker talk: a JSON header and raw bytes, in messages of `multiprocessing.connection`.

Only `send_bytes` and `recv_bytes` are used: the connection's own `send` and `recv` are pickles. Before anything else
both sides prove that they know the key in the worker's card, which only the user can read.

A call is a request {"op": ...} and its answers, each with a "state":

| state      | means                                                                       |
|------------|-----------------------------------------------------------------------------|
| "working"  | not the last answer; "done" and "total" count the regions                     |
| "done"     | the result                                                                  |
| "error"    | "sentence" says what is wrong, for the user                                 |
| "leaving"  | the worker is out of date and ends; start another                          |
"""

from __future__ import annotations

import json
from typing import Any

PROTOCOL = 3
"""Goes up when one side would no longer understand the other."""
LARGEST_HEADER = 1 << 20
LARGEST_PART = 1 << 33

Header = dict  # of str to what JSON has


def send(connection: Any, header: Header, *parts: bytes | memoryview) -> None:
    """Send one message: `header`, and `parts` as they are. Raises `OSError` when the other side is gone."""
    sizes = [memoryview(part).nbytes for part in parts]
    connection.send_bytes(json.dumps({**header, "parts": sizes}).encode())
    for part in parts:
        connection.send_bytes(part)


def receive(connection: Any) -> tuple[Header, list[bytes]]:
    """Receive one message. Raises `OSError` or `EOFError` when the other side is gone or talks nonsense."""
    try:
        header = json.loads(connection.recv_bytes(LARGEST_HEADER))
        sizes = header.pop("parts")
        if not all(isinstance(size, int) and 0 <= size <= LARGEST_PART for size in sizes):
            raise ValueError("sizes")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise OSError(f"not a message of this protocol: {error}") from error
    parts = []
    for size in sizes:
        part = connection.recv_bytes(size)
        if len(part) != size:
            raise OSError(f"{len(part)} bytes instead of {size}")
        parts.append(part)
    return header, parts
