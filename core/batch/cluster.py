"""The jobs of a batch on Ray: the same function as on one machine, in as many processes as the cluster has room for.

Photographs, masks and the output folder must have the same paths on every machine, on a shared drive, and Inpaint be
installed there. A process that dies is started again, and the photographs it had are filled once more; results appear
whole or not at all, so that nothing is lost or half written.
"""

import io
import json
import logging
import os
import socket
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from pathlib import Path, PurePath
from typing import Any

from inpaint.core.batch.find_inputs import Item
from inpaint.core.batch.fingerprints import take_fingerprint
from inpaint.core.batch.job import Outcome, Settings, fill_file
from inpaint.core.batch.pool import Report
from inpaint.core.engines.engine import Device, load_engine
from inpaint.core.errors import EngineError, InpaintError, ModelError
from inpaint.core.install_hints import install_hint

LOCAL = "local"
"""The address that means: a cluster on this machine alone, for this batch."""
TOGETHER = 8
"""Photographs handed to a process at once, at most; as many are done again when it dies."""


def run_on_ray(
    items: Sequence[Item],
    settings: Settings,
    report: Report,
    *,
    model: Path,
    address: str = LOCAL,
    device: Device = "auto",
    processes: int | None = None,
    key: str = "",
    stop: threading.Event | None = None,
) -> None:
    """Fill every item on a Ray cluster, and report each one when it is finished, in any order.

    - `model`: the ONNX file, at the same path on every machine;
    - `address`: of a running cluster (`auto`, HOST:PORT), or `local` for one that ends with the batch;
    - `processes`: at most this many at a time; None takes one for each GPU of the cluster, or else for each CPU;
    - `stop`: once it is set, KeyboardInterrupt is raised after the next outcome.

    Raises `InpaintError` when Ray is missing and `EngineError` when there is no cluster at the address.
    """
    if not items:
        return
    with _connected(address, processes) as ray:
        resources = ray.cluster_resources()
        cpus, gpus = int(resources.get("CPU", 1)), int(resources.get("GPU", 0))
        if device == "cuda" and not gpus:
            raise EngineError("No machine of the Ray cluster has a GPU; use --device cpu.")
        on_gpus = gpus > 0 and device != "cpu"
        room = min(cpus, gpus) if on_gpus else cpus
        most = max(1, min(processes or room, room, len(items)))
        context = ray.data.DataContext.get_current()
        context.enable_progress_bars = False
        rows = [_to_row(item) for item in items]
        blocks = max(most, -(-len(rows) // TOGETHER))
        filled = ray.data.from_items(rows, override_num_blocks=min(blocks, len(rows))).map(
            _Process,
            fn_constructor_args=(
                settings,
                str(model),
                take_fingerprint(model).sha256,
                "cuda" if on_gpus else "cpu",
                key,
            ),
            concurrency=most,
            num_cpus=1,
            num_gpus=1 if on_gpus else 0,
        )
        for row in filled.iter_rows():
            report(Outcome.from_json(row["outcome"]))
            if stop is not None and stop.is_set():
                raise KeyboardInterrupt


class _Process:
    """What runs in each process of the cluster: a model that is loaded once, and the jobs that come."""

    def __init__(self, settings: Settings, model: str, sha256: str, device: Device, key: str) -> None:
        path = Path(model)
        if not path.is_file() or take_fingerprint(path).sha256 != sha256:
            raise ModelError(
                f"{path} is missing on a machine of the cluster, or differs there; copy it to all of them."
            )
        self.engine = load_engine(path, device, threads=1)
        self.settings, self.key = settings, key

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        return {"outcome": fill_file(_from_row(row), self.settings, self.engine, self.key).to_json()}


def _to_row(item: Item) -> dict[str, str]:
    return {"item": json.dumps([str(item.image), item.folder.as_posix(), str(item.target)])}


def _from_row(row: dict[str, Any]) -> Item:
    image, folder, target = json.loads(row["item"])
    return Item(image=Path(image), folder=PurePath(folder), target=Path(target))


@contextmanager
def _connected(address: str, processes: int | None) -> Iterator[Any]:
    """Give the module `ray`, connected; a cluster that was started for this is stopped afterwards."""
    # Read when Ray is imported. What is filled here is nobody else's business, and the lines that Ray's C++ writes to
    # standard error say nothing to a photographer.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        import ray
        import ray.data
        from ray.exceptions import RayError

        logging.getLogger("ray.data").setLevel(logging.ERROR)
    except ImportError as error:
        raise InpaintError(f"--ray needs one more package: {install_hint('ray')}.") from error
    mine = not ray.is_initialized()
    if mine:
        options: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
        if address == LOCAL:
            # On the loopback, so that nobody else on the network can send it work.
            options |= {"num_cpus": processes, "include_dashboard": False, "_node_ip_address": "127.0.0.1"}
        try:
            _knock(address)
            with _no_standard_error():
                ray.init(address=address, **options)
        except (ConnectionError, RuntimeError, ValueError, OSError) as error:
            raise EngineError(f"There is no Ray cluster at {address}; start one, or use --ray local.") from error
    # Ray prints there what it does about a process that died; a script waits for our one line of JSON.
    with redirect_stdout(io.StringIO()):
        try:
            yield ray
        except RayError as error:
            raise EngineError(f"Ray gave up: {_reason(error)}; nothing is lost, go on with --resume.") from error
        finally:
            if mine:
                ray.shutdown()


def _knock(address: str) -> None:
    """Raise OSError at once when nobody listens at HOST:PORT; Ray would try for half a minute."""
    host, colon, port = address.removeprefix("ray://").rpartition(":")
    if colon and port.isdigit():
        socket.create_connection((host.strip("[]"), int(port)), timeout=10).close()


@contextmanager
def _no_standard_error() -> Iterator[None]:
    """Drop what the block writes to standard error, also from C++: while it starts, Ray tells how its log is set."""
    sys.stderr.flush()
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _reason(error: BaseException) -> str:
    """Return our own sentence out of Ray's pages, or their last line."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, InpaintError):
            return str(cause).rstrip(".")
        cause = getattr(cause, "cause", None) or cause.__cause__
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[-1] if lines else type(error).__name__)[:200].rstrip(".")
