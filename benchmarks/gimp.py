"""How long does a fill in GIMP take, from the call to the pixels, and where does the time go?

    python benchmarks/gimp.py [--repeats 9] [--suite trixie] [--output gimp.json]

Runs tests/gimp/run.sh (as root, on Debian or Ubuntu), which makes a Debian root with a real GIMP 3 and installs this
checkout there. Everything runs on two CPUs. The hole is 512 x 512 pixels in a layer of 1536 x 1536, and every call but
the first finds the model loaded. On a machine that has other work to do believe the seconds of the processor: GIMP's,
the plug-in's and the engine's together.
"""

import argparse
import json
import os
import statistics
import subprocess
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

RUN = Path(__file__).resolve().parent.parent / "tests" / "gimp" / "run.sh"
CPUS = 2
GOAL = 1.2
"""Seconds of a whole call."""
PARTS = {
    "whole": "call to pixels",
    "before": "until the engine begins",
    "engine": "engine",
    "after": "until the call returns",
    "processor": "processor",
}


def measure(repeats: int, suite: str) -> dict:
    """Return what the calls in GIMP took."""
    with tempfile.TemporaryDirectory() as results:
        settings = {"GIMP_SUITE": suite, "GIMP_RESULTS": results, "REPEATS": str(repeats)}
        subprocess.run([RUN, "speed"], env={**os.environ, **settings}, check=True)
        return json.loads((Path(results) / "speed.json").read_text())


def table(record: dict) -> Table:
    """Lay out the medians of all parts, with the least and the most of the whole."""
    sheet = Table(title=f"Filling 512 x 512 pixels in GIMP {record['gimp']} on {CPUS} CPUs, seconds")
    sheet.add_column("what")
    for heading in (*PARTS.values(), "least", "most", "goal"):
        sheet.add_column(heading, justify="right")
    for name, calls in record["calls"].items():
        medians = {part: statistics.median(entry[part] for entry in calls) for part in PARTS if part in calls[0]}
        whole = [entry["whole"] for entry in calls]
        cells = [f"{medians[part]:.2f}" if part in medians else "" for part in PARTS]
        goal = ("[green]met[/]" if medians["whole"] <= GOAL else "[red]missed[/]") if "engine" in medians else ""
        sheet.add_row(name, *cells, f"{min(whole):.2f}", f"{max(whole):.2f}", goal and f"<= {GOAL} {goal}")
    return sheet


def main() -> None:
    """Run everything, print the table, and write the numbers."""
    parser = argparse.ArgumentParser(description="Time fills in GIMP on two CPUs.")
    parser.add_argument("--repeats", type=int, default=9, help="timed calls of each kind (default 9)")
    parser.add_argument("--suite", default="trixie", help="trixie for GIMP 3.0 (default), forky for 3.2")
    parser.add_argument("--output", type=Path, help="also write the numbers to this JSON file")
    options = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):  # Linux only; handed down to GIMP as well
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CPUS])
    record = measure(options.repeats, options.suite)
    Console().print(table(record))
    if options.output:
        options.output.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
