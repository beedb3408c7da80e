"""The numbers of a training: JSON lines for programs, TensorBoard for eyes."""

import json
import time

import numpy as np
from torch.utils.tensorboard import SummaryWriter

from inpaint.core.trainers import StepReport
from inpaint.training.run.directory import RunDirectory


class TrainingLog:
    """Averages the losses between two log lines, writes them, and knows the best validation."""

    def __init__(self, rundir: RunDirectory) -> None:
        self.rundir = rundir
        self.writer = SummaryWriter(str(rundir.tensorboard))
        self.reports: list[StepReport] = []
        self.since = time.monotonic()

    def add(self, report: StepReport) -> None:
        """Take one step's losses into the running average."""
        self.reports.append(report)

    def write(self, report: StepReport) -> None:
        """Write the averages since the last call."""
        steps = [step.terms for step in self.reports]
        names = sorted({name for terms in steps for name in terms})
        losses = {name: float(np.mean([terms[name] for terms in steps if name in terms])) for name in names}
        now = time.monotonic()
        moment = report.moment
        record = {
            "step": report.step,
            "phase": moment.phase.name,
            "lr": moment.lr,
            "adversarial_weight": moment.adversarial,
            "fade": moment.fade,
            "seconds_per_step": (now - self.since) / len(self.reports),
            "waiting": sum(step.waited for step in self.reports) / max(now - self.since, 1e-9),
            "losses": losses,
        }
        self.rundir.log(record)
        for name, value in losses.items():
            self.writer.add_scalar(f"losses/{name}", value, report.step)
        for name in ("lr", "adversarial_weight", "fade", "seconds_per_step", "waiting"):
            self.writer.add_scalar(f"schedule/{name}", record[name], report.step)
        self.reports, self.since = [], now

    def validated(self, step: int, measures: dict[str, float]) -> bool:
        """Write a validation; returns whether it is the best so far."""
        self.rundir.log({"step": step, "validation": measures})
        for name, value in measures.items():
            self.writer.add_scalar(f"validation/{name}", value, step)
        try:
            best = float(json.loads(self.rundir.best_file.read_text("utf-8"))["distance"])
        except (OSError, ValueError, KeyError):
            best = float("inf")
        return measures["distance"] < best

    def close(self) -> None:
        """Flush what is still in memory."""
        self.writer.close()
