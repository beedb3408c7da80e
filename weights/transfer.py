"""Bytes from the Hub into a file, going on where they broke off, also where another process left them.

huggingface_hub's own downloader resumes too, but in steps of 10 MiB and within one call only: what an ended call had is
thrown away. This uses the same session of it (proxies, certificates, offline mode), and keeps every byte.
"""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from time import sleep
from typing import Any, TypeVar

from inpaint.weights.errors import HubError
from inpaint.weights.onnx_file import LARGEST_FILE

Progress = Callable[[int, int], None]
"""Called now and then with the bytes that are here and how many there will be (0 while nobody knows)."""
Answer = TypeVar("Answer")

CHUNK = 1 << 18
BUSY = (408, 429, 500, 502, 503, 504)
"""Answers that are worth asking again after a moment."""
TRIES = 5
"""How often in a row nothing may arrive before that is told."""
PATIENCE = 30
"""Seconds that the Hub may ask us to wait before that is told instead."""


def http_library() -> Any:
    """Return the HTTP library that huggingface_hub uses: httpx2, or httpx before its version 2."""
    from huggingface_hub.errors import HfHubHTTPError

    return import_module(HfHubHTTPError.__bases__[0].__module__.split(".")[0])


def patiently(ask: Callable[[], Answer]) -> Answer:
    """Ask the Hub, and again after a moment when it is busy. Raises what huggingface_hub raises."""
    from huggingface_hub.errors import HfHubHTTPError

    for tried in range(TRIES - 1):
        try:
            return ask()
        except HfHubHTTPError as error:
            _wait_for(error, tried)
    return ask()


def download(url: str, headers: dict[str, str], part: Path, size: int, progress: Progress | None = None) -> None:
    """Append to `part` what is missing of `size` bytes (0: whatever comes).

    Goes on by itself after a break or a busy answer, as long as something arrives in between. Raises what
    huggingface_hub and its HTTP library raise; what has arrived stays in `part`.
    """
    from huggingface_hub.errors import HfHubHTTPError

    http = http_library()
    failed = 0
    with part.open("ab") as file:
        if 0 < size < file.tell():  # not a beginning of this
            file.truncate(0)
        while True:
            before = file.tell()
            try:
                if size == 0 or before < size:
                    _receive(url, headers, file, size, progress)
                if size == 0 or file.tell() == size:
                    return
                raise http.RemoteProtocolError(f"{file.tell()} bytes instead of {size}")
            except (http.TransportError, HfHubHTTPError) as error:
                failed = 0 if file.tell() > before else failed + 1
                if failed >= TRIES:
                    raise
                _wait_for(error, failed)
            finally:
                file.flush()


def _receive(url: str, headers: dict[str, str], file: Any, size: int, progress: Progress | None) -> None:
    """Make one request for everything behind the end of `file`."""
    from huggingface_hub import constants, get_session
    from huggingface_hub.utils import hf_raise_for_status

    start = file.tell()
    asked = headers | {"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
    with get_session().stream("GET", url, headers=asked, timeout=constants.HF_HUB_DOWNLOAD_TIMEOUT) as response:
        hf_raise_for_status(response)
        if start and response.status_code != 206:  # it gives everything, whatever was asked for
            file.seek(0)
            file.truncate()
        for chunk in response.iter_bytes(CHUNK):
            if file.tell() + len(chunk) > (size or LARGEST_FILE):
                file.truncate(0)
                raise HubError("The Hub sends more than it said, so nothing was kept; try without a proxy.")
            file.write(chunk)
            if progress is not None:
                progress(file.tell(), size)


def _wait_for(error: Exception, tried: int) -> None:
    """Sleep before the next try; raises `error` when the next try would be no better, or too late to wait for."""
    response = getattr(error, "response", None)
    if response is not None:
        asked = response.headers.get("Retry-After", "")
        wait = int(asked) if asked.isdigit() else 2**tried
        if response.status_code not in BUSY or wait > PATIENCE:
            raise error
    else:
        wait = min(2**tried, 8)
    sleep(wait)
