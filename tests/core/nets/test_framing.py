import pytest
import torch

from inpaint.core.nets.framing import frame


def hole(height, width, top, left, bottom, right):
    mask = torch.zeros(1, 1, height, width)
    mask[..., top:bottom, left:right] = 1
    return mask


def ramp(height, width):
    return torch.arange(height * width, dtype=torch.float32).view(1, 1, height, width)


def test_a_central_hole_is_framed_by_the_picture_itself():
    image, mask = torch.rand(1, 3, 64, 64), hole(64, 64, 16, 16, 48, 48)
    window = frame(mask, 32)
    assert window.scale.tolist() == [1]
    assert torch.allclose(window.cut(image, 64), image, atol=1e-5)
    assert torch.allclose(window.cut(image, 32), image[..., 16:48, 16:48], atol=1e-5)


@pytest.mark.parametrize("box", [(30, 10, 50, 30), (31, 20, 60, 37), (40, 41, 41, 42)])
def test_a_hole_elsewhere_comes_into_the_middle_pixel_by_pixel(box):
    """On whole pixels even where a side is odd: nothing is blurred."""
    image, mask = ramp(100, 120), hole(100, 120, *box)
    cut = frame(mask, 32).cut(image, 32)
    row, column = (box[0] + box[2]) // 2, (box[1] + box[3]) // 2
    wanted = image[..., row - 16 : row + 16, column - 16 : column + 16]
    inside = slice(max(0, 16 - column), 32)
    assert torch.allclose(
        cut[..., inside], torch.nn.functional.pad(wanted, (32 - wanted.shape[3], 0))[..., inside], atol=0.1
    )
    assert (frame(mask, 32).cut(mask, 32).sum() - mask.sum()).abs() < 1e-3


def test_what_was_cut_is_pasted_where_it_was():
    image, mask = torch.rand(2, 3, 90, 70), hole(90, 70, 20, 5, 45, 29).repeat(2, 1, 1, 1)
    mask[1] = mask[1].roll(13, 1)
    window = frame(mask, 32)
    assert torch.allclose(window.paste(window.cut(image, 32), 90, 70) * mask, image * mask, atol=1e-4)


def test_a_large_hole_is_seen_smaller():
    mask = hole(256, 256, 10, 100, 138, 130)
    window = frame(mask, 32)
    assert window.scale.tolist() == [4]
    seen = window.cut(mask, 32)
    assert seen[0, 0, :, 16].min() > 0.9
    smooth = torch.linspace(-1, 1, 256).view(1, 1, 256, 1).expand(1, 3, 256, 256)
    back = window.paste(window.cut(smooth, 32), 256, 256)
    assert ((back - smooth).abs() * mask).max() < 0.02


def test_an_empty_mask_gives_numbers():
    window = frame(torch.zeros(1, 1, 64, 64), 32)
    assert torch.isfinite(window.cut(torch.rand(1, 3, 64, 64), 64)).all()


def test_the_gradient_comes_back_through_the_paste():
    patch = torch.rand(1, 1, 8, 8, requires_grad=True)
    frame(hole(32, 32, 10, 12, 18, 20), 8).paste(patch, 32, 32)[..., 10:18, 12:20].sum().backward()
    assert torch.allclose(patch.grad, torch.ones_like(patch), atol=1e-4)
