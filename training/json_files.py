"""JSON files that programs write and people may read."""

import json
from pathlib import Path
from typing import Any

from inpaint.core.atomic_files import atomic_write


def write_json(path: Path, record: dict[str, Any]) -> None:
    """Write one JSON object, whole or not at all."""
    with atomic_write(path) as file:
        file.write(json.dumps(record, indent=2).encode() + b"\n")
