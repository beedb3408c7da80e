import pytest
import torch

from inpaint.core.errors import RecipeError
from inpaint.core.nets import JointConfig, build_joint


def composite(size=64, batch=2, seed=0):
    random = torch.Generator().manual_seed(seed)
    image = torch.rand(batch, 3, size, size, generator=random) * 2 - 1
    box, foreground = torch.zeros(batch, 1, size, size), torch.zeros(batch, 1, size, size)
    box[:, :, 10:50, 12:52] = 1
    foreground[:, :, 20:40, 20:40] = 1
    return image, box - foreground, foreground


@pytest.mark.parametrize("start", ["composite", "push-pull"])
@pytest.mark.parametrize("tone", ["rgb", "curves"])
def test_both_outputs_keep_the_known_pixels(start, tone):
    generator = build_joint(JointConfig(width=4, blocks=1, start=start, tone=tone))
    image, mask, foreground = composite()
    known = (mask + foreground == 0).expand_as(image)
    for output in generator(image, mask, foreground):
        assert output.shape == image.shape
        assert torch.equal(output[known], image[known])


def test_curves_start_at_no_change_of_the_object():
    generator = build_joint(JointConfig(width=4, blocks=1, start="push-pull", tone="curves"))
    image, mask, foreground = composite()
    _, harmonized = generator(image, mask, foreground)
    torch.testing.assert_close(harmonized, image)


def test_curves_depend_on_place_and_colour_smoothly():
    torch.manual_seed(0)
    generator = build_joint(JointConfig(width=4, blocks=1, start="push-pull", tone="curves")).eval()
    for last in (generator.tone.nearby[-1], generator.tone.overall[-1]):
        torch.nn.init.normal_(last.weight, std=0.2)
    image, mask, foreground = composite()
    image[:] = 0.25  # one colour: what changes is due to place alone
    _, harmonized = generator(image, mask, foreground)
    inside = harmonized[:, :, 20:40, 20:40]
    assert (inside - 0.25).abs().max() > 1e-3
    steps = inside.diff(dim=3).abs().max()
    assert steps < 0.25 * (inside.max() - inside.min()) + 1e-3


def test_a_push_pull_start_ignores_the_guides_background_and_a_published_one_sees_it():
    image, mask, foreground = composite()
    other = image * (1 - mask) + 0.7 * mask
    for start, same in (("push-pull", True), ("composite", False)):
        torch.manual_seed(0)
        generator = build_joint(JointConfig(width=4, blocks=1, start=start)).eval()
        first, second = (generator(x, mask, foreground)[0] for x in (image, other))
        inside = mask.bool().expand_as(image)
        assert torch.equal(first[inside], second[inside]) == same


def test_an_object_without_a_hole_and_a_hole_without_an_object():
    generator = build_joint(JointConfig(width=4, blocks=1, start="push-pull", tone="curves")).eval()
    image, mask, foreground = composite()
    for masks in ((torch.zeros_like(mask), foreground), (mask, torch.zeros_like(foreground))):
        assert all(torch.isfinite(output).all() for output in generator(image, *masks))


def test_it_grows_without_a_jump():
    generator = build_joint(JointConfig(width=4, blocks=1)).eval()
    batch = composite()
    before = generator(*batch)
    torch.nn.init.ones_(generator.grow().branch[-1].weight)  # a new block would change nothing yet
    for old, new in zip(before, generator(*batch, 0.0), strict=True):
        assert torch.equal(old, new)
    again = build_joint(JointConfig(width=4, blocks=1), grown=1)
    again.load_state_dict(generator.state_dict())


def test_impossible_settings():
    with pytest.raises(RecipeError, match="at least 1"):
        JointConfig(width=0)
    assert JointConfig(start="push-pull").stride == 32
    assert JointConfig().stride == 8
