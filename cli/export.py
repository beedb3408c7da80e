"""`inpaint export`: turn a training into an ONNX model, or a model into a quicker one."""

from pathlib import Path
from typing import Annotated

import typer


def export(
    source: Annotated[
        str,
        typer.Argument(
            metavar="RUN",
            help="Run directory of `inpaint train`. With --int8 or --compact also a model: a name or an .onnx file.",
            show_default=False,
        ),
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="The .onnx file to write.")] = Path("model.onnx"),
    fp16: Annotated[bool, typer.Option("--fp16", help="Store half precision: half the size, for CUDA.")] = False,
    int8: Annotated[
        bool, typer.Option("--int8", help="Compute in 8-bit integers: a quarter of the size, for CPUs.")
    ] = False,
    calibrate: Annotated[
        str | None,
        typer.Option(
            help="Photographs for calibrating --int8: a folder or .tar shards. About thirty are used.",
            show_default=False,
        ),
    ] = None,
    compact: Annotated[
        bool,
        typer.Option("--compact", help="Store weights in half precision, compute in full: half the size, same look."),
    ] = False,
    step: Annotated[int | None, typer.Option(help="Step of the checkpoint. Default: the last.")] = None,
    licence: Annotated[
        str | None,
        typer.Option(help="Licence of the weights, written into the file. Default: Apache-2.0, or the model's own."),
    ] = None,
) -> None:
    """Export a trained model as one ONNX file, and check that it computes the same as the network.

    --int8 cannot be exact, so there the check is that its fills look the same.
    """
    run = Path(source)
    if int8 + fp16 + compact > 1:
        raise typer.BadParameter("choose one of --fp16, --int8 and --compact")
    if int8 and calibrate is None:
        raise typer.BadParameter("--int8 needs photographs to calibrate with: --calibrate FOLDER")
    if compact and (step is not None or licence is not None or Path(source).is_dir()):
        raise typer.BadParameter("--compact makes an exported model smaller; export the run first, then that file")
    if output.suffix.lower() != ".onnx":
        raise typer.BadParameter(f"what is written is an .onnx file, and {output.name} is none", param_hint="--output")
    if calibrate is not None and not int8:
        raise typer.BadParameter("--calibrate goes with --int8")
    from inpaint.cli._extras import require_train

    require_train()
    from inpaint.core.errors import ModelError
    from inpaint.training.run.directory import RunDirectory
    from inpaint.weights.paths import is_file, is_folder, is_there

    if compact:
        from inpaint.training.export.compact import export_compact
        from inpaint.weights import resolve

        lost = export_compact(resolve(source), output)
        size = output.stat().st_size / 1e6
        typer.echo(f"{output}: {source} at {size:.1f} MB, largest difference on noise {lost * 127.5:.2f} (of 255)")
        return
    segmenter = is_there(run / "segmenter.json")
    # First what takes no torch: it is five seconds before its first word.
    if calibrate is None and is_file(run):
        raise ModelError(
            f"{run} is a file, and only a run directory can be exported; for eight bits add --int8, for a smaller file "
            "--compact."
        )
    if calibrate is None and not segmenter:
        RunDirectory(run).check_there()
    from inpaint.training.export.inpainting import export_run
    from inpaint.training.export.joint import export_joint
    from inpaint.training.export.segmenter import export_segmenter

    drift = None
    of_ours = licence or "Apache-2.0"
    joint = not segmenter and is_folder(run) and RunDirectory(run).recipe().composites is not None
    if calibrate is not None:
        from inpaint.training.export.quantize import export_int8
        from inpaint.weights import resolve

        if segmenter or joint:
            raise ModelError(f"{run} is no model that only inpaints, and eight bits are for those; leave --int8 out.")
        if step is not None and not is_folder(run):
            raise typer.BadParameter("--step is for run directories")
        model = run if is_folder(run) else resolve(source)
        contract, parities, drift = export_int8(model, output, calibrate, step=step, licence=licence)
    elif segmenter:
        contract, parities = export_segmenter(run, output, licence=of_ours)
    elif joint:
        contract, parities = export_joint(run, output, half=fp16, step=step, licence=of_ours)
    else:
        contract, parities = export_run(run, output, half=fp16, step=step, licence=of_ours)
    for parity in parities:
        typer.echo(
            f"parity at {parity.height} x {parity.width}: largest difference {parity.largest:.2e}, "
            f"mean {parity.mean:.2e} (of 2)"
        )
    if drift is not None:
        typer.echo(
            f"int8 against float32 in the holes of {drift.pictures} photographs: mean difference {drift.mean:.2f}, "
            f"largest {drift.largest:.0f} (of 255)"
        )
    size = output.stat().st_size / 1e6
    typer.echo(f"{output}: {contract.name}, {size:.1f} MB. {contract.description}")
