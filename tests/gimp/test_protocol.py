import json
from multiprocessing import Pipe

import pytest

from inpaint.gimp_plugin.plugin.protocol import receive, send


def test_a_message_comes_back_as_it_was() -> None:
    ours, theirs = Pipe()
    with ours, theirs:
        send(ours, {"op": "fill", "width": 3}, b"\x00\xff" * 100, memoryview(b""))
        assert receive(theirs) == ({"op": "fill", "width": 3}, [b"\x00\xff" * 100, b""])


@pytest.mark.parametrize(
    "header",
    [b"not json", b"[]", b"{}", b'{"parts": 3}', b'{"parts": [-1]}', b'{"parts": ["1"]}', b'{"parts": [99999999999]}'],
)
def test_nonsense_is_an_error_of_the_connection(header: bytes) -> None:
    ours, theirs = Pipe()
    with ours, theirs:
        ours.send_bytes(header)
        with pytest.raises(OSError, match="not a message"):
            receive(theirs)


@pytest.mark.parametrize("part", [b"123", b"12345"])
def test_a_part_of_another_size_than_announced_is_an_error(part: bytes) -> None:
    ours, theirs = Pipe()
    with ours, theirs:
        ours.send_bytes(json.dumps({"parts": [4]}).encode())
        ours.send_bytes(part)
        with pytest.raises(OSError, match=r"bytes instead of|bad message|end of file|too large"):
            receive(theirs)


def test_the_other_side_gone_is_noticed() -> None:
    ours, theirs = Pipe()
    theirs.close()
    with ours, pytest.raises((EOFError, OSError)):
        receive(ours)
