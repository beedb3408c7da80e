import math

import pytest
import torch

from inpaint.core.nets.contextual_attention import SCALE, ContextualAttention


def naive(features, mask, fuse):
    """The definition, place by place: 3 x 3 patches at half resolution are compared, 4 x 4 patches are copied."""
    channels, height, width = features.shape
    rows, columns = height // 2, width // 2
    places = [(row, column) for row in range(rows) for column in range(columns)]

    def small(row, column):
        inside = 0 <= row < rows and 0 <= column < columns
        return features[:, 2 * row, 2 * column] if inside else torch.zeros(channels)

    def patch(row, column):
        return torch.cat([small(row + r, column + c) for r in (-1, 0, 1) for c in (-1, 0, 1)])

    def known(row, column):
        """No pixel of the 6 x 6 that the patch stands for is hole."""
        top, left = max(0, 2 * row - 2), max(0, 2 * column - 2)
        return mask[top : 2 * row + 4, left : 2 * column + 4].sum() == 0

    def score(place, source):
        if not (0 <= place < len(places) and 0 <= source < len(places)):
            return 0.0
        one, other = patch(*places[place]), patch(*places[source])
        return float(one @ other / (other.norm() + 1e-12))

    def shifted(scores, order):
        """Add the scores of the previous and of the next pair, counted in an order of the places."""
        number = {place: index for index, place in enumerate(order)}
        result = {}
        for p in places:
            for s in places:
                total = 0.0
                for step in (-1, 0, 1):
                    i, j = number[p] + step, number[s] + step
                    if 0 <= i < len(order) and 0 <= j < len(order):
                        total += scores[order[i], order[j]]
                result[p, s] = total
        return result

    scores = {(p, s): score(places.index(p), places.index(s)) for p in places for s in places}
    if fuse:
        scores = shifted(scores, places)
        scores = shifted(scores, sorted(places, key=lambda place: (place[1], place[0])))

    total, times = torch.zeros_like(features), torch.zeros(height, width)
    for p in places:
        sources = [s for s in places if known(*s)]
        best = max(SCALE * scores[p, s] for s in sources)
        shares = [math.exp(SCALE * scores[p, s] - best) for s in sources]
        for r in range(-1, 3):
            for c in range(-1, 3):
                row, column = 2 * p[0] + r, 2 * p[1] + c
                if not (0 <= row < height and 0 <= column < width):
                    continue
                times[row, column] += 1
                for share, s in zip(shares, sources, strict=True):
                    y, x = 2 * s[0] + r, 2 * s[1] + c
                    if 0 <= y < height and 0 <= x < width:
                        total[:, row, column] += share / sum(shares) * features[:, y, x]
    return total / times


@pytest.mark.parametrize("fuse", [False, True])
def test_is_what_the_definition_says(fuse):
    torch.manual_seed(0)
    # Small values, so that the softmax is a mixture and not a choice.
    features, mask = torch.randn(2, 3, 8, 12) * 0.1, torch.zeros(2, 1, 8, 12)
    mask[0, :, 2:4, 3:7] = 1
    mask[1, :, 7:, 11:] = 1
    got = ContextualAttention(fuse=fuse)(features, mask)
    for index in range(2):
        assert torch.allclose(got[index], naive(features[index], mask[index, 0], fuse), atol=1e-4)


def test_nothing_is_copied_from_the_hole():
    torch.manual_seed(0)
    features, mask = torch.rand(1, 2, 16, 16), torch.zeros(1, 1, 16, 16)
    mask[..., 4:12, 4:12] = 1
    got = ContextualAttention()(features * (1 - mask) + 100 * mask, mask)
    assert got.max() < 2


def test_a_repeated_texture_is_continued():
    """Stripes with a gap: what is copied into the gap has the stripes' phase."""
    column = torch.arange(32)
    stripes = torch.stack([torch.sin(column * torch.pi / 4), torch.cos(column * torch.pi / 4)])
    features = stripes[None, :, None, :].expand(1, 2, 32, 32).clone()
    mask = torch.zeros(1, 1, 32, 32)
    mask[..., 12:20, 14:18] = 1
    # The coarse network's guess: right, but faint.
    got = ContextualAttention()(features * (1 - 0.7 * mask), mask)
    gap = (mask > 0).expand_as(features)
    assert (got - features)[gap].abs().max() < 0.2


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_all_or_nothing_known_gives_numbers(value):
    features = torch.rand(1, 2, 8, 8, requires_grad=True)
    got = ContextualAttention()(features, torch.full((1, 1, 8, 8), value))
    got.sum().backward()
    assert torch.isfinite(got).all()
    assert torch.isfinite(features.grad).all()


def test_gradients():
    torch.manual_seed(0)
    mask = torch.zeros(1, 1, 4, 4, dtype=torch.double)
    mask[..., 3, 3] = 1
    features = torch.randn(1, 2, 4, 4, dtype=torch.double, requires_grad=True)
    assert torch.autograd.gradcheck(lambda x: ContextualAttention()(x, mask), (features,), nondet_tol=1e-9)
