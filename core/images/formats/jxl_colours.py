"""Saying in a finished JPEG XL what its colours are, which its encoder in imagecodecs cannot be told.

It calls 8 bits sRGB, and more of them or floats linear light, so that a photograph would be shown far too bright.
"""

from inpaint.core.images.formats.jxl_header import PRIMARIES, TRANSFERS, read_header

SRGB = (1, 13)
_BEHIND = 3
"""Bits behind the colours in what the encoder writes: no extensions (0, 2 bits), usual transforms (1)."""
_USUAL = 0b100


def can_say(cicp: tuple[int, int]) -> bool:
    """Say whether JPEG XL has a description of these colours, given in the numbers of ITU-T H.273."""
    return cicp[0] in PRIMARIES.values() and cicp[1] in TRANSFERS


def with_colours(codestream: bytes, cicp: tuple[int, int]) -> bytes:
    """Return a codestream as imagecodecs writes it with these colours, of which `can_say` is true.

    Raises `ValueError` for other codestreams.
    """
    header = read_header(codestream[:4096])
    if header.cicp == cicp or (header.grey and header.cicp and header.cicp[1] == cicp[1]):
        return codestream
    if header.described is None or header.has_icc:
        raise ValueError("no codestream without a profile")
    start, end = header.described
    head = int.from_bytes(codestream[2 : 2 + (end + _BEHIND + 7) // 8], "little")
    if (head >> end) & 0b111 != _USUAL or head >> (end + _BEHIND):
        raise ValueError("more in the head of the codestream than is known")
    said, length = _description(cicp, grey=header.grey)
    head = (head & ((1 << start) - 1)) | said << start | _USUAL << (start + length)
    size = (start + length + _BEHIND + 7) // 8
    # The pixels start at a whole byte.
    return codestream[:2] + head.to_bytes(size, "little") + codestream[2 + (end + _BEHIND + 7) // 8 :]


def _description(cicp: tuple[int, int], *, grey: bool) -> tuple[int, int]:
    """Return the bits that describe colours, and how many they are."""
    primaries = next(number for number, other in PRIMARIES.items() if other == cicp[0])
    value = length = 0

    def put(number: int, count: int) -> None:
        nonlocal value, length
        value |= number << length
        length += count

    def put_kind(number: int) -> None:
        if number >= 18:
            put(3, 2)
            put(number - 18, 6)
        elif number >= 2:
            put(2, 2)
            put(number - 2, 4)
        else:
            put(number, 2)

    put(0, 2)  # not as usual, no profile
    put_kind(1 if grey else 0)
    put_kind(1)  # white is D65
    if not grey:
        put_kind(primaries)
    put(0, 1)  # no gamma
    put_kind(cicp[1])
    put_kind(1)  # colours are matched relative to white
    return value, length
