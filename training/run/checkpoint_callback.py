"""The callback that keeps a run directory up to date while it trains: log lines, validations, checkpoints."""

from inpaint.core.nets import blocks_grown
from inpaint.core.trainers import AdversarialTrainer, StepReport, check_finite, state_tensors
from inpaint.training.data.batches import BatchPlan
from inpaint.training.recipe import Recipe
from inpaint.training.run.directory import RunDirectory
from inpaint.training.run.training_log import TrainingLog
from inpaint.training.run.validation import Validation, contact_sheet


class CheckpointCallback:
    """The callback that writes: log lines, validations with their sample grids, checkpoints."""

    def __init__(
        self,
        recipe: Recipe,
        rundir: RunDirectory,
        trainer: AdversarialTrainer,
        validation: Validation | None,
        plan: BatchPlan,
        start: int,
    ) -> None:
        self.recipe = recipe
        self.rundir = rundir
        self.trainer = trainer
        self.validation = validation
        self.plan = plan
        self.reports = TrainingLog(rundir)
        self.saved = self.step = start
        self.told_of_graphs = trainer.graphed is None
        self.steps = recipe.schedule.steps

    def __call__(self, report: StepReport) -> None:
        """Write whatever is due after this step."""
        step, recipe = report.step, self.recipe
        self.step = step
        self.reports.add(report)
        self._tell_of_graphs(step)
        due = (recipe.log_every, recipe.sample_every, recipe.checkpoint_every)
        # A training that has diverged writes nothing more, and is about to end.
        if not (any(step % every == 0 for every in due) or step == self.steps) or not self.trainer.guard.sound:
            return
        if step % recipe.log_every == 0:
            self.reports.write(report)
        if step % recipe.sample_every == 0 or step == self.steps:
            self.validate(step, report.moment.fade)
        if step % recipe.checkpoint_every == 0:
            self.save(step)

    def _tell_of_graphs(self, step: int) -> None:
        graphed = self.trainer.graphed
        if not self.told_of_graphs and graphed is not None and (graphed.recorded or graphed.refused):
            self.rundir.log({"step": step, "cuda_graphs": graphed.refused or "recorded"})
            self.told_of_graphs = True

    def validate(self, step: int, fade: float) -> None:
        """Measure the moving average on the fixed pictures and draw the contact sheet.

        fade: weight of the newest grown block, 0..1.
        """
        if self.validation is None:
            return
        measures, filled = self.validation.measure(self.trainer.ema.generator, fade)
        contact_sheet(self.validation.batch, filled, self.rundir.samples / f"step-{step:06d}.png")
        if self.reports.validated(step, measures):
            self.save(step)
            # Only now: were it called the best before there was room to save it, nothing equal would be saved later.
            self.rundir.remember_best(step, measures)
            self.rundir.prune(self.recipe.keep)

    def save(self, step: int) -> None:
        """Write a checkpoint of this step, once. Raises `DivergedError` instead where the state is not finite."""
        if step != self.saved:
            tensors = state_tensors(self.trainer)
            check_finite(tensors)
            grown = blocks_grown(self.trainer.generator)
            counts = {"samples": self.plan.samples_before(step), "processes": self.plan.world}
            self.rundir.save(step, tensors, self.recipe, grown, **counts)
            self.rundir.prune(self.recipe.keep)
            self.saved = step

    def close(self, step: int) -> None:
        """Write what the last step leaves to be written."""
        self.save(step)
        self.reports.close()
