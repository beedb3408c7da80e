"""Every error Inpaint raises on purpose, and the exit code the command line gives for each.

| error              | exit code | when                                                                      |
|--------------------|-----------|---------------------------------------------------------------------------|
| `InpaintError`     | 1         | base of all of them: catch this one                                       |
| (usage)            | 2         | the command line itself is wrong; given by Typer                          |
| `ImageError`       | 3         | an image is missing, unreadable or of a kind we would damage              |
| `MaskError`        | 4         | a mask is missing, empty, all hole, or does not fit its image             |
| `ModelError`       | 5         | a model is unknown, is not a model, or breaks its contract                |
| `OutputError`      | 6         | a result cannot be written; what was there before is untouched            |
| `EngineError`      | 7         | the requested device is not available, or failed                          |
| `OutOfMemoryError` | 7         | memory ran out, on the device or around it                                |
| `RecipeError`      | 8         | a recipe, its data or a run directory is not usable                       |
| `DataError`        | 8         | one picture of the training data is not usable; trainings take another    |
| `DivergedError`    | 9         | training produced numbers that are not finite                             |
| `HubError`         | 10        | the Hugging Face Hub cannot be reached, or does not give what was asked   |
| (a bug)            | 70        | anything else; `INPAINT_DEBUG=1` shows the traceback                      |
| (interrupted)      | 130       | Ctrl-C; training saves first and says how to go on                        |

The library raises these and never prints or exits; `inpaint.cli` turns them into one sentence and a code.
"""

from inpaint.weights.errors import HubError, InpaintError, ModelError, OutputError

__all__ = [
    "DataError",
    "DivergedError",
    "EngineError",
    "HubError",
    "ImageError",
    "InpaintError",
    "MaskError",
    "ModelError",
    "OutOfMemoryError",
    "OutputError",
    "RecipeError",
]


class ImageError(InpaintError):
    """An image is missing, unreadable, or of a kind that would be damaged."""

    exit_code = 3


class MaskError(InpaintError):
    """A mask is missing, empty, all hole, or does not fit its image."""

    exit_code = 4


class EngineError(InpaintError):
    """The requested device is not available, or it failed while running the model."""

    exit_code = 7


class OutOfMemoryError(EngineError):
    """The device has too little memory for what it was given; something smaller may work."""


class RecipeError(InpaintError):
    """A recipe, the training data or a run directory is not usable."""

    exit_code = 8


class DataError(RecipeError):
    """One picture of the training data is not usable; the others may be."""


class DivergedError(InpaintError):
    """Training produced a loss that is not finite; nothing was overwritten with it."""

    exit_code = 9
