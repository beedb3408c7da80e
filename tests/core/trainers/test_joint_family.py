import pytest
import torch
from accelerate import Accelerator

from inpaint.core.losses import Objective, ObjectiveConfig
from inpaint.core.nets import DiscriminatorConfig, JointConfig
from inpaint.core.trainers import AdversarialTrainer, Batch, Phase, Schedule, build_family
from inpaint.core.trainers.families import Joint

CONFIG = JointConfig(width=4, blocks=1, start="push-pull", tone="curves")
SCHEDULE = Schedule([Phase(name="head", steps=60, lr=2e-3, adversarial=0.0), Phase(name="against", steps=1)])


@pytest.fixture
def batch():
    """The object is 0.4 too bright; the hole is in a smooth picture."""
    ramp = torch.linspace(-0.6, 0.4, 64)
    image = torch.stack([ramp.expand(64, 64), ramp[:, None].expand(64, 64), ramp.flip(0).expand(64, 64)])
    image = image.repeat(2, 1, 1, 1)
    box, foreground = torch.zeros(2, 1, 64, 64), torch.zeros(2, 1, 64, 64)
    box[:, :, 12:52, 12:52] = 1
    foreground[:, :, 20:44, 20:44] = 1
    hole = box - foreground
    return Batch(image, hole, image + 0.4 * foreground - 0.9 * hole, foreground)


@pytest.fixture
def trainer():
    torch.manual_seed(0)
    family = build_family(CONFIG, DiscriminatorConfig(width=4, scales=2, norm="spectral"))
    objective = Objective(ObjectiveConfig(ppl=0.0, l1_hole=6.0))
    return AdversarialTrainer(family, {"default": objective}, accelerator=Accelerator(cpu=True), ema_decay=0.9)


def test_both_outputs_have_losses_of_their_own(trainer, batch):
    terms = trainer.step(batch, SCHEDULE.at(60))
    assert set(terms) == {"inpainted/l1_hole", "harmonized/l1_hole", "discriminator", "adversarial"}
    assert abs(terms["harmonized/l1_hole"] - 6 * 0.4) < 1e-3


def test_it_learns_to_harmonize_and_to_inpaint(trainer, batch):
    terms = [trainer.step(batch, SCHEDULE.at(step)) for step in range(60)]
    assert terms[-1]["harmonized/l1_hole"] < 0.3 * terms[0]["harmonized/l1_hole"]
    assert terms[-1]["inpainted/l1_hole"] < terms[0]["inpainted/l1_hole"]


def test_the_completed_picture_is_each_output_where_it_counts(batch):
    family = build_family(CONFIG, DiscriminatorConfig(width=4, scales=2))
    assert isinstance(family, Joint)
    generator = family.build_generator().eval()
    made = family.complete(generator, batch, 1.0)
    inpainted, harmonized = generator(batch.composite, batch.mask, batch.foreground)
    for region, wanted in ((batch.mask, inpainted), (batch.foreground, harmonized)):
        there = region.bool().expand_as(wanted)
        torch.testing.assert_close(made.completed[there], wanted[there])
    outside = (made.region == 0).expand_as(batch.image)
    assert torch.equal(made.completed[outside], batch.image[outside])


def test_patches_that_touch_hole_or_object_count_as_fake(batch):
    family = build_family(CONFIG, DiscriminatorConfig(width=4, scales=2))
    alone = Batch(batch.image, torch.zeros_like(batch.mask), batch.composite, batch.foreground)
    assert family.fakes(alone)[0].sum() > 0
    shapes = [x.shape for x in family.judge(family.build_discriminators(), batch.image, batch)]
    assert shapes == [x.shape for x in family.fakes(batch)]


def test_a_batch_without_composites_is_refused(batch):
    family = build_family(CONFIG, DiscriminatorConfig(width=4, scales=2))
    with pytest.raises(ValueError, match="composites"):
        family.complete(family.build_generator(), Batch(batch.image, batch.mask), 1.0)
