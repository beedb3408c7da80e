"""G'MIC's patch inpainting, run as the program that people run: one child process for each picture."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from inpaint.core.errors import InpaintError
from inpaint.training.evaluation.samples import Sample

PROGRAM = "gmic"
DEFAULTS = (0, 9, 10, 5, 1, 0)
"""What G'MIC documents as the defaults of `inpaint_matchpatch`: scales (0 = as many as it finds right), patch side in
pixels, iterations per scale, blend size in pixels, blending beyond the hole, a start that is given. Said in full, so
that another version's defaults do not change what is measured."""
SECONDS = 600
"""Longest time for one picture."""
MISSING = "The program gmic is not installed; on Debian or Ubuntu: apt install gmic."


def gmic(sample: Sample) -> np.ndarray:
    """Fill with patches copied from elsewhere in the picture, by G'MIC's `inpaint_matchpatch` with its defaults.

    Its patches are searched at random; from a fixed seed and on one thread, so that the same version gives the same
    fill again. Raises `InpaintError` when the program is missing, fails, or takes longer than `SECONDS`.
    """
    with tempfile.TemporaryDirectory(prefix="inpaint-gmic-") as folder:
        blanked = sample.picture.copy()
        blanked[sample.hole] = 0  # what it must not see
        Image.fromarray(blanked).save(Path(folder, "given.png"))
        Image.fromarray(sample.hole.astype(np.uint8) * 255).save(Path(folder, "mask.png"))
        # Fill image 0 under mask 1; write image 0. Bare names, because G'MIC splits what it reads at commas.
        fill = ["-inpaint_matchpatch[0]", ",".join(["[1]", *map(str, DEFAULTS)])]
        _run(["-srand", "0", "given.png", "mask.png", *fill, "-output[0]", "filled.png"], folder, sample.name)
        try:
            with Image.open(Path(folder, "filled.png")) as picture:
                filled = np.asarray(picture.convert("RGB"))
        except OSError as error:
            raise InpaintError(f"gmic failed on {sample.name} (it wrote no picture); try it on its own.") from error
    # It blends beyond the hole, and moves every pixel by one level of 255; here known pixels stay what they were.
    return sample.keep_known(filled)


def describe() -> str:
    """Say which G'MIC is installed. Raises `InpaintError` when none is."""
    with tempfile.TemporaryDirectory(prefix="inpaint-gmic-") as folder:
        digits = _run(["-echo_stdout", "$_version"], folder, "a question for its version").strip()
    values = ",".join(map(str, DEFAULTS))
    return f"G'MIC {'.'.join(digits) or 'of unknown version'}, inpaint_matchpatch {values} (its defaults), one thread"


def _run(words: list[str], folder: str, what: str) -> str:
    """Run G'MIC in a folder that is also its home, so that nobody's own commands and settings change it."""
    program = shutil.which(PROGRAM)
    if program is None:
        raise InpaintError(MISSING)
    surroundings = {**os.environ, "OMP_NUM_THREADS": "1", "HOME": folder, "GMIC_PATH": folder}
    try:
        done = subprocess.run(
            [program, "-v", "-1", *words],  # quiet
            cwd=folder,
            env=surroundings,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise InpaintError(f"gmic took more than {SECONDS} seconds for {what}; use smaller pictures.") from error
    except OSError as error:
        raise InpaintError(f"gmic cannot be started ({error.strerror}); install it anew.") from error
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["it says nothing"])[-1]
        raise InpaintError(f"gmic failed on {what} ({reason}); try it on its own.")
    return done.stdout
