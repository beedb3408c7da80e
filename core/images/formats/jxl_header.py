"""The head of a JPEG XL codestream, which says what its decoder does not: bits, colours, orientation, channels.

ISO/IEC 18181-1, sections on SizeHeader and ImageMetadata. Numbers are stored from the lowest bit on.
"""

from dataclasses import dataclass, field

_RATIOS = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))
_RGB, _GREY, _XYB = 0, 1, 2
_ALPHA, _SPOT, _CFA = 0, 2, 5
_D65, _CUSTOM = 1, 2
PRIMARIES = {1: 1, 9: 9, 11: 12}
"""Primaries that have a number in ITU-T H.273, where white is D65, and that number."""
TRANSFERS = (1, 8, 13, 16, 17, 18)
"""Transfer characteristics, which have the same numbers there."""


@dataclass(slots=True, kw_only=True)
class JxlHeader:
    """What was found."""

    width: int = 0
    """In pixels, before it is turned; so is `height`."""
    height: int = 0
    orientation: int = 1
    """As in EXIF; the decoder has applied it."""
    bits: int = 8
    """Per channel."""
    floats: bool = False
    animated: bool = False
    extra: list[int] = field(default_factory=list)
    """Types of the channels beside the colours; 0 is transparency."""
    premultiplied: bool = False
    grey: bool = False
    has_icc: bool = False
    cicp: tuple[int, int] | None = (1, 13)
    """Colour primaries and transfer characteristics in the numbers of ITU-T H.273; None where there are none."""
    described: tuple[int, int] | None = field(default=None, compare=False)
    """First bit of the description of colours behind the signature, and the first bit behind it; None without one."""


def read_header(codestream: bytes) -> JxlHeader:
    """Read the head of a codestream. Raises `ValueError` when it is none or cut short."""
    if codestream[:2] != b"\xff\x0a":
        raise ValueError("not a codestream of JPEG XL")
    bits = _Bits(codestream[2:])
    header = JxlHeader()
    header.height, header.width = _size(bits)
    if bits.flag():  # all as usual
        return header
    if bits.flag():
        header.orientation = bits.take(3) + 1
        if bits.flag():
            _size(bits)
        if bits.flag():
            _preview(bits)
        if bits.flag():
            header.animated = True
            return header
    header.bits, header.floats = _depth(bits)
    bits.flag()
    for _ in range(bits.choice((0, 0), (1, 0), (2, 4), (1, 12))):
        kind, associated = _extra_channel(bits)
        header.extra.append(kind)
        header.premultiplied |= associated
    bits.flag()  # XYB: its decoder gives the colours that are described here
    start = bits.at
    _colours(bits, header)
    header.described = start, bits.at
    return header


class _Bits:
    """Bits of a byte string, the lowest of each byte first."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data[:4096], "little")
        self._left = 8 * min(len(data), 4096)
        self.at = 0
        """How many were taken."""

    def take(self, count: int) -> int:
        """Return the number in the next bits."""
        if count > self._left:
            raise ValueError("cut short")
        number = self._value & ((1 << count) - 1)
        self._value >>= count
        self._left -= count
        self.at += count
        return number

    def flag(self) -> bool:
        """Return the next bit."""
        return bool(self.take(1))

    def choice(self, *ways: tuple[int, int]) -> int:
        """Return a number stored in one of four ways: a constant to which so many bits are added (`U32`)."""
        constant, count = ways[self.take(2)]
        return constant + self.take(count)

    def kind(self) -> int:
        """Return one of a list of kinds (`Enum`)."""
        return self.choice((0, 0), (1, 0), (2, 4), (18, 6))


def _size(bits: _Bits) -> tuple[int, int]:
    small = bits.flag()

    def side() -> int:
        return 8 * (bits.take(5) + 1) if small else bits.choice((1, 9), (1, 13), (1, 18), (1, 30))

    height = side()
    ratio = bits.take(3)
    if not ratio:
        return height, side()
    across, down = _RATIOS[ratio - 1]
    return height, height * across // down


def _preview(bits: _Bits) -> None:
    whole = bits.flag()

    def side() -> int:
        if whole:
            return 8 * bits.choice((16, 0), (32, 0), (1, 5), (33, 9))
        return bits.choice((1, 6), (65, 8), (321, 10), (1345, 12))

    side()
    if not bits.take(3):
        side()


def _depth(bits: _Bits) -> tuple[int, bool]:
    if not bits.flag():
        return bits.choice((8, 0), (10, 0), (12, 0), (1, 6)), False
    depth = bits.choice((32, 0), (16, 0), (24, 0), (1, 6))
    bits.take(4)
    return depth, True


def _extra_channel(bits: _Bits) -> tuple[int, bool]:
    """Return the type of a channel, and whether colours are multiplied by it."""
    if bits.flag():
        return _ALPHA, False
    kind = bits.kind()
    _depth(bits)
    bits.choice((0, 0), (3, 0), (4, 0), (1, 3))
    for _ in range(bits.choice((0, 0), (0, 4), (16, 5), (48, 10))):
        bits.take(8)
    associated = kind == _ALPHA and bits.flag()
    if kind == _SPOT:
        bits.take(64)
    elif kind == _CFA:
        bits.choice((1, 0), (0, 2), (3, 4), (19, 8))
    return kind, associated


def _colours(bits: _Bits, header: JxlHeader) -> None:
    """Read what the colours are."""
    if bits.flag():
        return
    header.has_icc = bits.flag()
    space = bits.kind()
    header.grey = space == _GREY
    header.cicp = None
    if header.has_icc or space == _XYB:
        return
    white = bits.kind()
    _custom(bits, 1 if white == _CUSTOM else 0)
    primaries = 1
    if space != _GREY:
        primaries = bits.kind()
        _custom(bits, 3 if primaries == _CUSTOM else 0)
    transfer = None
    if bits.flag():
        bits.take(24)  # a gamma
    else:
        transfer = bits.kind()
    bits.kind()  # how colours are matched
    if white == _D65 and space in (_RGB, _GREY) and primaries in PRIMARIES and transfer in TRANSFERS:
        header.cicp = PRIMARIES[primaries], transfer


def _custom(bits: _Bits, points: int) -> None:
    """Pass over points in the plane of colours."""
    for _ in range(2 * points):
        bits.choice((0, 19), (524_288, 19), (1_048_576, 20), (2_097_152, 21))
