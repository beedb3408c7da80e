import numpy as np
import pytest

from inpaint.core import Box, MaskError, compose, load_engine, load_joint


@pytest.fixture(scope="module")
def joint(tiny_joint):
    return load_joint(tiny_joint, "cpu", 1)


@pytest.fixture(scope="module")
def inpainter(tiny_model):
    return load_engine(tiny_model, "cpu", 1)


BOX, AT = Box(20, 32, 56, 56), Box(60, 50, 84, 84)


@pytest.mark.parametrize("around", ["keep", "inpaint"])
@pytest.mark.parametrize("kind", ["joint", "inpainter"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_outside_the_box_nothing_changes_to_the_bit(request, picture, apple, kind, around, dtype) -> None:
    background = picture(200, 260)
    if dtype == np.uint16:
        background = background.astype(np.uint16) * 257
    elif dtype == np.float32:
        background = background.astype(np.float32) / 255
    before = background.copy()
    done = compose(background, apple[0], AT, object_box=BOX, engine=request.getfixturevalue(kind), around=around)
    assert done.pixels.dtype == dtype
    outside = np.ones(background.shape[:2], bool)
    outside[AT.slices] = False
    np.testing.assert_array_equal(done.pixels[outside], background[outside])
    np.testing.assert_array_equal(done.pixels[~done.mask], background[~done.mask])
    np.testing.assert_array_equal(background, before)
    assert done.box == AT
    assert done.method == ("joint" if kind == "joint" else "transfer")
    assert done.mask[AT.slices].all() == (around == "inpaint")


def test_the_object_arrives_scaled(picture, apple, joint) -> None:
    pixels, disc = apple
    done = compose(picture(200, 260), pixels, AT, object_mask=disc, object_box=BOX, engine=joint)
    rows, columns = np.mgrid[0:200, 0:260]
    wanted = (rows - (60 + 1.5 * 28.5)) ** 2 + (columns - (50 + 1.5 * 28.5)) ** 2 <= 37.5**2
    found = done.alpha > 0.5
    assert (found & wanted).sum() / (found | wanted).sum() > 0.95
    # The stand-in makes objects 0.1 brighter; the disc's own colours are 190, 40, 50.
    inner = (rows - 102.75) ** 2 + (columns - 92.75) ** 2 <= 30**2
    np.testing.assert_allclose(done.pixels[inner].mean(axis=0), [215, 65, 75], atol=4)


def test_the_rim_shows_the_objects_colour_and_not_its_old_background(apple) -> None:
    """A red object from green ground on white: no pixel may turn greener than red."""
    pixels, disc = apple
    alpha = disc.astype(np.float32)
    from cv2 import GaussianBlur

    alpha = GaussianBlur(alpha, (0, 0), 2)
    white = np.full((200, 260, 3), 255, np.uint8)
    done = compose(white, pixels, AT, object_mask=alpha, object_box=BOX, engine=None, strength=0.0)
    result = done.pixels.astype(int)
    assert (result[..., 1] - result[..., 0]).max() < 30


def test_strength_zero_keeps_the_objects_colours(picture, apple, joint) -> None:
    pixels, disc = apple
    there = Box(60, 50, 56, 56)
    done = compose(picture(200, 260), pixels, there, object_mask=disc, object_box=BOX, engine=joint, strength=0.0)
    inner = np.s_[60 + 20 : 60 + 36, 50 + 20 : 50 + 36]
    np.testing.assert_allclose(done.pixels[inner], pixels[40:56, 52:68], atol=1)


def test_over_the_edge_is_cut_with_a_note(picture, apple, joint) -> None:
    done = compose(picture(200, 260), apple[0], Box(160, 220, 84, 84), object_box=BOX, engine=joint)
    assert done.box == Box(160, 220, 40, 40)
    assert any("outside" in note for note in done.notes)


@pytest.mark.parametrize("mask", [True, False])
def test_a_box_over_the_edge_of_the_objects_photograph_does_not_stretch_it(picture, apple, joint, mask) -> None:
    """The disc lies left of the middle of its photograph, and half of the box lies outside."""
    cut = apple[0][:, :90], apple[1][:, :90]
    words = {"object_mask": cut[1]} if mask else {}
    beyond = Box(20, 32, 56, 2 * 58)
    done = compose(picture(200, 260), cut[0], Box(60, 50, 56, 2 * 58), object_box=beyond, engine=joint, **words)
    assert done.box == Box(60, 50, 56, 58)
    rows, columns = np.flatnonzero((done.alpha > 0.5).any(axis=1)), np.flatnonzero((done.alpha > 0.5).any(axis=0))
    assert abs((rows[-1] - rows[0]) - (columns[-1] - columns[0])) <= 4
    assert any("beyond its photograph" in note for note in done.notes)


def test_a_box_alone_inpaints_what_is_left_of_it(picture, apple, joint) -> None:
    """The tiny model fills with one colour, which then surrounds the object."""
    pixels, disc = apple
    done = compose(picture(200, 260), pixels, AT, object_mask=disc, object_box=BOX, engine=joint, around="inpaint")
    rest = np.zeros(done.mask.shape, bool)
    rest[64:140, 54:130] = True  # without the box's rim, where the fill was enlarged together with what is beside it
    rest &= done.alpha == 0
    assert np.ptp(done.pixels[rest].astype(int), axis=0).max() <= 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"object_box": None}, "Say where the object is"),
        ({"at": Box(500, 0, 50, 50)}, "move it inwards"),
        ({"at": Box(0, 0, 3, 50)}, "too few"),
        ({"at": Box(0, 0, 10**7, 10**7)}, "of memory"),
        ({"object_mask": np.zeros((90, 120), bool)}, "no object in the mask"),
        ({"object_mask": np.ones((10, 10), bool)}, "full size"),
        ({"around": "inpaint"}, "Without a model"),
    ],
)
def test_what_cannot_be_composed_says_what_to_do(picture, apple, change, message) -> None:
    arguments = {"at": AT, "object_box": BOX, "engine": None} | change
    with pytest.raises(MaskError, match=message):
        compose(picture(200, 260), apple[0], **arguments)


def test_a_box_over_the_whole_photograph_cannot_be_inpainted(picture, apple, joint) -> None:
    with pytest.raises(MaskError, match="nothing to fill from"):
        compose(picture(60, 60), apple[0], Box(0, 0, 60, 60), object_box=BOX, engine=joint, around="inpaint")


@pytest.mark.parametrize("around", ["keep", "inpaint"])
@pytest.mark.parametrize("kind", ["joint", "inpainter"])
def test_what_is_wholly_transparent_is_not_looked_at(request, picture, apple, kind, around) -> None:
    background, opacity = picture(200, 260), np.zeros((200, 260), np.uint8)
    opacity[:, :100] = 255
    done = []
    for hidden in (0, 255):
        background[opacity == 0] = hidden
        done.append(
            compose(
                background,
                apple[0],
                AT,
                object_box=BOX,
                engine=request.getfixturevalue(kind),
                around=around,
                opacity=opacity,
            )
        )
    dark, light = done
    np.testing.assert_array_equal(dark.opacity, light.opacity)
    np.testing.assert_array_equal(dark.pixels[dark.mask], light.pixels[dark.mask])
    assert (dark.opacity[AT.slices] == 255).all() == (around == "inpaint")
    np.testing.assert_array_equal(dark.opacity[~dark.mask], opacity[~dark.mask])


def test_an_opaque_background_is_the_same_with_and_without_its_opacity(picture, apple, joint) -> None:
    background, opaque = picture(200, 260), np.full((200, 260), 255, np.uint8)
    plain = compose(background, apple[0], AT, object_box=BOX, engine=joint)
    given = compose(background, apple[0], AT, object_box=BOX, engine=joint, opacity=opaque)
    np.testing.assert_array_equal(given.pixels, plain.pixels)
    np.testing.assert_array_equal(given.opacity, opaque)
    assert plain.opacity is None


def test_half_transparent_pixels_show_both(apple) -> None:
    """The object over a half transparent white: what remains of it is a quarter of all that is there."""
    pixels, disc = apple
    background, opacity = np.ones((200, 260, 3), np.float32), np.full((200, 260), 0.5, np.float32)
    there = Box(60, 50, 56, 56)
    done = compose(
        background,
        np.zeros_like(pixels),
        there,
        object_mask=disc * np.float32(0.6),
        object_box=BOX,
        strength=0.0,
        opacity=opacity,
    )
    np.testing.assert_allclose(done.opacity[88, 78], 0.6 + 0.4 * 0.5, atol=1e-6)
    np.testing.assert_allclose(done.pixels[88, 78], 0.2 / 0.8, atol=1e-6)


def test_where_all_is_transparent_the_objects_colours_stay(picture, apple, joint) -> None:
    pixels, disc = apple
    nothing = {"opacity": np.zeros((200, 260), np.uint8), "object_mask": disc, "object_box": BOX, "engine": joint}
    done = compose(picture(200, 260), pixels, Box(60, 50, 56, 56), **nothing)
    assert "transparent" in done.notes[0]
    inner = np.s_[60 + 20 : 60 + 36, 50 + 20 : 50 + 36]
    np.testing.assert_array_equal(done.pixels[inner], pixels[40:56, 52:68])
    with pytest.raises(MaskError, match="transparent"):
        compose(picture(200, 260), pixels, Box(60, 50, 56, 56), around="inpaint", **nothing)
