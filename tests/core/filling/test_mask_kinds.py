"""Masks of other programs: each kind is read right, or refused, or noted with an option that gives the right one."""

import importlib.util
import re
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inpaint.core import MaskError
from inpaint.core.filling.mask_file import read_mask
from inpaint.core.filling.mask_greys import judge

_spec = importlib.util.spec_from_file_location("mask_kinds", Path(__file__).with_name("mask_kinds.py"))
kinds = importlib.util.module_from_spec(_spec)
sys.modules["mask_kinds"] = kinds  # dataclasses look their module up
_spec.loader.exec_module(kinds)

RELIABLE = [kind for kind in kinds.KINDS if kind is not kinds.haze]
THRESHOLDED = [kinds.noisy_black, kinds.inverted, kinds.infrared]


def read(drawn, folder: Path, **options: object) -> tuple[np.ndarray, tuple[str, ...]]:
    return read_mask(kinds.write(drawn, folder), drawn.truth.shape[::-1], **(drawn.options | options))


@pytest.mark.parametrize("kind", RELIABLE, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("seed", range(4))
def test_each_kind_is_understood(tmp_path: Path, kind, seed: int) -> None:
    drawn = kind(np.random.default_rng(seed))
    mask, notes = read(drawn, tmp_path)
    assert kinds.wrong(drawn, mask) is None or notes


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(RELIABLE), st.integers(0, 2**32 - 1))
def test_nothing_is_wrong_in_silence(tmp_path: Path, kind, seed: int) -> None:
    drawn = kind(np.random.default_rng(seed))
    with suppress(MaskError):  # refused is not silent
        mask, notes = read(drawn, tmp_path)
        fault = kinds.wrong(drawn, mask)
        assert fault is None or notes, fault


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(THRESHOLDED), st.integers(0, 2**32 - 1))
def test_the_threshold_that_a_note_names_gives_the_right_mask(tmp_path: Path, kind, seed: int) -> None:
    drawn = kind(np.random.default_rng(seed))
    named = re.findall(r"--threshold (\d+)", " ".join(read(drawn, tmp_path)[1]))
    for value in named:
        assert kinds.wrong(drawn, read(drawn, tmp_path, threshold=int(value))[0]) is None


@pytest.mark.parametrize("seed", range(6))
def test_a_mask_in_which_nothing_was_found_is_noted(tmp_path: Path, seed: int) -> None:
    assert "for certain" in " ".join(read(kinds.haze(np.random.default_rng(seed)), tmp_path)[1])


def blob(levels: tuple[int, int], rng: np.random.Generator | None = None) -> np.ndarray:
    """Return 60 x 80 uint8 with a hole of 20 x 30 of the second level."""
    mask = np.full((60, 80), levels[0], np.uint8)
    mask[20:40, 20:50] = levels[1]
    if rng is not None:
        mask += (rng.random(mask.shape) < 0.4).astype(np.uint8)
    return mask


def test_what_nothing_is_wrong_with_is_left_alone() -> None:
    assert judge(blob((0, 255))).is_plain
    assert not judge(blob((3, 255))).is_plain
    assert judge(blob((0, 254), np.random.default_rng(0))).black == 1


def test_a_larger_mask_is_judged_by_a_part_of_its_pixels() -> None:
    large = np.kron(blob((2, 240)), np.ones((40, 40), np.uint8))
    assert judge(large) == judge(blob((2, 240)))
