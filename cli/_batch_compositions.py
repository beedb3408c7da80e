"""`inpaint batch --compositions`: every line of a table, with one loading of the models."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from inpaint.cli._options import Device

if TYPE_CHECKING:
    from inpaint.cli._batch_report import BatchReport


def run_table(
    table: Path,
    output: Path,
    device: Device,
    threads: int | None,
    *,
    resume: bool,
    force: bool,
    make_report: Callable[[int, int], "BatchReport"],
) -> "BatchReport":
    """Carry out the compositions of a CSV file into a folder; returns the closed report.

    make_report: given how many there are, and how many of them are left out.
    """
    from inpaint.core.batch import Manifest, check_outputs, open_compositions, refuse, run_compositions
    from inpaint.core.batch.fingerprints import take_fingerprint
    from inpaint.core.objects.composition import read_compositions
    from inpaint.core.objects.joint import load_joint
    from inpaint.core.objects.segmenting import find_segmenter
    from inpaint.weights import resolve

    compositions = read_compositions(table, output)
    check_outputs(compositions)
    joint = load_joint(device=device.value, threads=threads)
    segmenter, missing = find_segmenter(threads=threads)
    loaded = ("joint", "cutout") if segmenter is not None else ("joint",)
    models = [take_fingerprint(resolve(name)).sha256 for name in loaded]
    with Manifest(output) as manifest:
        waiting = open_compositions(compositions, manifest, models) if resume else compositions
        taken = manifest.begin((composition.output for composition in waiting), force=force)
        report = make_report(len(compositions), len(compositions) - len(waiting))
        report.note(*joint.notes, *missing)
        try:
            with report:
                take_down = report.recording(manifest)
                for composition in waiting:
                    if composition.output in taken:
                        take_down(refuse(composition.background, composition.output))
                free = [composition for composition in waiting if composition.output not in taken]
                run_compositions(free, joint, segmenter, take_down, models=models, stop=report.stop)
        except BaseException:
            report.close(manifest.path, cut_short=True)
            raise
        report.close(manifest.path)
    return report
