"""The directory of one experiment, as far as it is known without torch.

out/plan.toml     the plan, every setting spelled out
    run.json      where the data is
    cells/NAME/   one folder per cell (see `cell`)
    report.md     with scores.csv and plots/, written anew after every cell
"""

import json
from pathlib import Path

from inpaint.core.errors import OutputError, RecipeError
from inpaint.weights.paths import is_there


class ExperimentDirectory:
    """Files of one experiment, by name."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.plan_file = path / "plan.toml"
        self.origin_file = path / "run.json"
        self.report_file = path / "report.md"

    def cell(self, name: str) -> Path:
        """Name the folder of a cell."""
        return self.path / "cells" / name

    def check_free(self) -> None:
        """Raise `OutputError` when there is an experiment already."""
        if is_there(self.plan_file):
            raise OutputError(f"{self.path} holds an experiment already; go on with --resume, or give another --out.")

    def check_resumable(self) -> None:
        """Raise `RecipeError` when there is no experiment to go on with."""
        if not is_there(self.plan_file):
            raise RecipeError(f"{self.path} holds no experiment: it has no plan.toml; leave --resume out to begin one.")

    def origin(self) -> dict[str, str | None]:
        """Return where the data was when the experiment began; empty when that is lost, or was never written."""
        try:
            return dict(json.loads(self.origin_file.read_text("utf-8")).items())
        except (OSError, ValueError, AttributeError):
            return {}
