"""The script that turns evaluations into the tables of docs/results."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parent.parent / "docs" / "results" / "make_tables.py"
METHODS = ("telea", "navier-stokes", "biharmonic", "gmic", "default", "default+auto")


def write(folder, scale, pictures=4, masks="a" * 64):
    """Write an evaluation in which method m has on photograph n the numbers scale x (m + 1) + n / 50."""
    keys = ("lpips", "ssim", "psnr", "l1_hole")
    rows = [
        {
            "name": str(n),
            "area": 0.08 + 0.1 * (n % 2),
            "scores": {
                method: dict.fromkeys(keys, scale * (number + 1) + n / 50) for number, method in enumerate(METHODS)
            },
        }
        for n in range(pictures)
    ]
    conditions = {"masks_sha256": masks, "pictures": pictures, "size": 256, "data": "val", "seed": 8}
    folder.mkdir(parents=True)
    (folder / "scores.json").write_text(json.dumps({"conditions": conditions, "pictures": rows}))


def run(folder):
    return subprocess.run([sys.executable, SCRIPT, folder], capture_output=True, text=True, check=False)


def test_means_bins_and_duels(tmp_path):
    for name, scale in (("objects", 1), ("strokes", 2)):
        write(tmp_path / name / "vgg19", scale)
        write(tmp_path / name / "squeeze", scale / 10)
    done = run(tmp_path)
    assert done.returncode == 0, done.stderr
    short, objects, strokes = re.split(r"^## .*$", done.stdout, flags=re.MULTILINE)
    # The mean of n / 50 over the four photographs is 0.03; smaller is better but for SSIM and PSNR.
    assert "| OpenCV Telea | **1.0300** | 1.0300 | 1.03 | **2.0300** | 2.0300 | 2.03 |" in short
    assert "| `inpaint fill` (`default+auto`) | 6.0300 | **6.0300** | **6.03** |" in short
    assert "| G'MIC patches | 4.0300 | 0.4300 | 4.0300 | 4.03 | 4.0300 |" in objects
    assert "| | 0-10% (2) | 10-20% (2) |" in strokes
    assert "| OpenCV Telea | **2.0200** | **2.0400** |" in strokes
    assert "| G'MIC patches | +2.0000 ± 0.0000, better on 0% |" in objects
    assert "+2.0000 ± 0.0000, better on 100%" in objects


@pytest.mark.parametrize("difference", [{"pictures": 3}, {"masks": "b" * 64}])
def test_evaluations_that_differ_are_not_put_together(tmp_path, difference):
    write(tmp_path / "objects" / "vgg19", 1)
    write(tmp_path / "objects" / "squeeze", 1, **difference)
    done = run(tmp_path)
    assert done.returncode == 1
    assert "measure them alike" in done.stderr
    assert not done.stdout
