"""How networks learn: phases and schedules, the adversarial step, the loop (torch)."""

from inpaint.core.trainers.adversary import AdversarialTrainer
from inpaint.core.trainers.batch import Batch
from inpaint.core.trainers.ema import Ema
from inpaint.core.trainers.families import build_family
from inpaint.core.trainers.family import Completion, Family, Stage
from inpaint.core.trainers.loop import Callback, StepReport, train
from inpaint.core.trainers.nonfinite_guard import Guard
from inpaint.core.trainers.phases import Moment, Phase, Schedule
from inpaint.core.trainers.state import check_finite, restore, state_tensors
from inpaint.core.trainers.synced_norm import sync_batch_norm

__all__ = [
    "AdversarialTrainer",
    "Batch",
    "Callback",
    "Completion",
    "Ema",
    "Family",
    "Guard",
    "Moment",
    "Phase",
    "Schedule",
    "Stage",
    "StepReport",
    "build_family",
    "check_finite",
    "restore",
    "state_tensors",
    "sync_batch_norm",
    "train",
]
