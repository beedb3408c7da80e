"""The root of every error Inpaint raises on purpose, and the errors of model files.

`inpaint.core.errors` documents the whole tree with its exit codes; this file exists because `weights` is the
lowest package and may import nothing of ours.
"""


class InpaintError(Exception):
    """Something the caller can put right. The message is one sentence that says what to do.

    `exit_code` is what the command line returns for it; see `inpaint.core.errors` for the table.
    """

    exit_code = 1


class ModelError(InpaintError):
    """A model is unknown, is not a model, or breaks its contract."""

    exit_code = 5


class OutputError(InpaintError):
    """A result cannot be written. Whatever stood at its path before is untouched."""

    exit_code = 6


class HubError(InpaintError):
    """The Hugging Face Hub cannot be reached, or does not give what was asked for."""

    exit_code = 10
