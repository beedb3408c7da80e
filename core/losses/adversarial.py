"""Multi-scale patch adversarial loss (paper 000, equations 3, 4 and 6).

Only predictions whose patch touches the hole are fake; the rest of a completed image is the photograph itself. The
overlaps are `inpaint.core.nets.patch_overlap`, the logits what the discriminators return, finest scale first.
"""

from collections.abc import Sequence
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from inpaint.core.losses.reconstruction import masked_mean

AdversarialName = Literal["log", "lsgan", "hinge"]


def discriminator_loss(
    real: Sequence[Tensor], completed: Sequence[Tensor], overlaps: Sequence[Tensor], kind: AdversarialName = "log"
) -> Tensor:
    """What the discriminators minimise: equation 4, summed over the scales.

    real, completed: logits of the photographs and of the completed images, N x C x h x w per scale, C = 1 for a
    PatchGAN. overlaps: N x 1 x h x w, 1 where a patch touches the hole. On a photograph every patch is real; on a
    completed image the patches that touch the hole are fake and the others real. Returns a scalar.
    """
    total = torch.zeros((), device=real[0].device)
    for logits_real, logits_completed, overlap in zip(real, completed, overlaps, strict=True):
        real_labels = torch.ones_like(logits_real)
        total = total + _judge(logits_real, real_labels, kind).mean()
        total = total + _judge(logits_completed, 1 - overlap, kind).mean()
    return total


def generator_loss(completed: Sequence[Tensor], overlaps: Sequence[Tensor], kind: AdversarialName = "log") -> Tensor:
    """What the generator minimises: equation 6, summed over the scales.

    The labels are the reverse of the discriminators': patches that touch the hole should pass for real. The mean is
    taken over those patches only: the others show nothing the generator made, and counting them would make the loss
    weaker for smaller holes. The pictures count alike; one where no patch touches a hole counts as 0. Returns a scalar.
    """
    total = torch.zeros((), device=completed[0].device)
    for logits, overlap in zip(completed, overlaps, strict=True):
        # The hinge has no margin for the generator: it always pulls.
        judged = -logits if kind == "hinge" else _judge(logits, overlap, kind)
        total = total + masked_mean(judged, overlap)
    return total


def _judge(logits: Tensor, labels: Tensor, kind: AdversarialName) -> Tensor:
    """Per-patch loss of logits against labels (1 = real, 0 = fake), which serve all channels."""
    labels = labels.expand_as(logits)
    if kind == "log":
        return F.binary_cross_entropy_with_logits(logits, labels, reduction="none")
    if kind == "lsgan":
        return (logits - labels).square()
    return F.relu(1 - (2 * labels - 1) * logits)
