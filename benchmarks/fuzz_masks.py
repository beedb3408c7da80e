"""Reads thousands of masks as programs write them, and counts those that are wrong without a word.

    python benchmarks/fuzz_masks.py --count 20000 --seed 0

Each number of the sequence is a mask of its own, drawn from (seed, number). A mask is wrong
when more than 1 % of the old picture would stay inside of what is meant, or more than 0.1 % outside would be filled.
A mask that is refused, or read with a note, is not silent; `helped` says how often an option that the note names, with
its value, gives the right mask. The fill itself is not run: it replaces what the mask says and nothing else.
"""

import argparse
import re
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path

import numpy as np

from inpaint.core.errors import MaskError
from inpaint.core.filling.mask import check_mask
from inpaint.core.filling.mask_file import read_mask

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "core" / "filling"))
from mask_kinds import KINDS, Drawn, write, wrong


def helps(drawn: Drawn, path: Path, said: str) -> bool:
    """Say whether an option that a note or an error names gives the right mask."""
    size = drawn.truth.shape[::-1]
    tries: list[dict] = [{"threshold": int(value)} for value in re.findall(r"--threshold (\d+)", said)]
    tries += [{"labels": tuple(map(int, value.split(",")))} for value in re.findall(r"--labels ([\d,]+)", said)]
    tries += [{"invert": not drawn.options.get("invert", False)}] if "--invert" in said else []
    for options in tries:
        try:
            mask, _ = read_mask(path, size, **{**drawn.options, **options})
        except MaskError:
            continue
        if wrong(drawn, mask) is None:
            return True
    return False


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=float("inf"), help="stop after so many")
    parser.add_argument("--kind", default="", help="only kinds with this in their name")
    chosen = parser.parse_args()
    kinds = [kind for kind in KINDS if chosen.kind in kind.__name__]
    results: Counter[tuple[str, str]] = Counter()
    shown: Counter[str] = Counter()
    start, done = time.monotonic(), 0
    with tempfile.TemporaryDirectory() as name:
        for number in range(chosen.count):
            if time.monotonic() - start > chosen.seconds:
                break
            drawn = kinds[number % len(kinds)](np.random.default_rng((chosen.seed, number)))
            path, done = write(drawn, Path(name)), done + 1
            try:
                mask, notes = read_mask(path, drawn.truth.shape[::-1], **drawn.options)
                notes = (*notes, *check_mask(mask, drawn.options.get("invert", False)))
                fault = wrong(drawn, mask)
                outcome = "right" if fault is None else "noted" if notes else "SILENT"
                if outcome == "right" and notes:
                    outcome = "right, noted"
                said = " ".join(notes)
            except MaskError as error:
                outcome, said, fault = "refused", str(error), None
            except Exception:
                outcome, said, fault = "CRASH", " ".join(traceback.format_exc().split()[-40:]), None
            if outcome in ("noted", "refused") and helps(drawn, path, said):
                outcome += ", helped"
            results[drawn.kind, outcome] += 1
            if outcome in ("SILENT", "CRASH") and shown[drawn.kind] < 3:
                shown[drawn.kind] += 1
                print(f"{outcome}: {drawn.kind}, number {number} of seed {chosen.seed}: {fault or said}")
    for kind in sorted({kind for kind, _ in results}):
        told = ", ".join(f"{count} {outcome}" for (of, outcome), count in sorted(results.items()) if of == kind)
        print(f"{kind:24} {told}")
    bad = sum(count for (_, outcome), count in results.items() if outcome in ("SILENT", "CRASH"))
    print(f"{done} masks of seed {chosen.seed} in {time.monotonic() - start:.0f} s: {bad} wrong in silence or crashed")
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
