"""`inpaint export`: turn a training into an ONNX model."""

from pathlib import Path
from typing import Annotated

import typer


def export(
    run: Annotated[Path, typer.Argument(help="Run directory of `inpaint train`.", show_default=False)],
    output: Annotated[Path, typer.Option("--output", "-o", help="The .onnx file to write.")] = Path("model.onnx"),
    fp16: Annotated[bool, typer.Option("--fp16", help="Half precision inside: half the size, made for CUDA.")] = False,
    step: Annotated[int | None, typer.Option(help="Which checkpoint; otherwise the last.")] = None,
    licence: Annotated[str, typer.Option(help="Licence of the weights, written into the file.")] = "Apache-2.0",
) -> None:
    """Write a trained model as one ONNX file, after proving that it computes what the network computes."""
    from inpaint.cli._extras import require_train

    require_train()
    from inpaint.training.export import export_run
    from inpaint.training.export_joint import export_joint
    from inpaint.training.export_segmenter import export_segmenter
    from inpaint.training.rundir import RunDirectory

    if (run / "segmenter.json").exists():
        contract, parities = export_segmenter(run, output, licence=licence)
    elif RunDirectory(run).recipe().composites is not None:
        contract, parities = export_joint(run, output, half=fp16, step=step, licence=licence)
    else:
        contract, parities = export_run(run, output, half=fp16, step=step, licence=licence)
    for parity in parities:
        typer.echo(
            f"parity at {parity.height} x {parity.width}: largest difference {parity.largest:.2e}, "
            f"mean {parity.mean:.2e} (of 2)"
        )
    size = output.stat().st_size / 1e6
    typer.echo(f"{output}: {contract.name}, {size:.1f} MB. {contract.description}")
