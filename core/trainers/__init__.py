"""How networks learn: phases and schedules, the adversarial step, the loop (torch)."""

from inpaint.core.trainers.adversary import AdversarialTrainer, Batch
from inpaint.core.trainers.ema import Ema
from inpaint.core.trainers.loop import Callback, StepReport, train
from inpaint.core.trainers.phases import Moment, Phase, Schedule
from inpaint.core.trainers.state import restore, state_tensors

__all__ = [
    "AdversarialTrainer",
    "Batch",
    "Callback",
    "Ema",
    "Moment",
    "Phase",
    "Schedule",
    "StepReport",
    "restore",
    "state_tensors",
    "train",
]
