"""The line of docs/batch.md that names the photographs of a batch that failed."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "batch.md"


@pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not installed")
def test_mended_photographs_are_not_counted(tmp_path):
    def line(name, status, message=None):
        error = message and {"message": message}
        return json.dumps({"output": f"{name}.png", "image": f"{name}.jpg", "status": status, "error": error})

    lines = [
        line("a", "failed", "too dark"),
        line("b", "failed", "gone"),
        line("c", "done"),
        line("a", "done"),
        line("d", "failed", "x")[:20],
    ]
    (tmp_path / "filled").mkdir()
    (tmp_path / "filled" / "manifest.jsonl").write_text("\n".join(lines))
    (command,) = re.findall(r"^jq -rRn .*", DOCUMENT.read_text("utf-8"), flags=re.MULTILINE)
    done = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout == "b.jpg: gone\n"
