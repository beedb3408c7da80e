"""Label maps from files: one number per object, however the program that wrote them stored it."""

import numpy as np

from inpaint.core.errors import DataError
from inpaint.core.images.channels import decode_channels
from inpaint.training.data.crops import refusing

RIM = 255
"""Number of the rim around objects that belongs to nobody, in the palettes of Pascal VOC."""
RIM_COLOUR = (224, 224, 192)
"""What that rim looks like where the palette has been turned into colours."""
MOST_COLOURS = 4096
"""More colours than this are a photograph."""


def read_labels(encoded: bytes, name: str) -> np.ndarray:
    """Decode a label map under the name that errors give it: H x W int32, 0 = background, one number per object.

    Palettes are read by number, grey pictures by value, of up to 16 bits. In a picture in colour each colour is an
    object, as Pascal VOC's maps are written without a palette, and black is the background. The rim of VOC's maps,
    which belongs to no object, is background, too. Raises `DataError` for a picture that is no label map.
    """
    with refusing(name):
        channels = decode_channels(encoded, name, DataError)
    colours = channels.colours
    if colours.dtype.kind == "f" and not (colours == np.floor(colours)).all():
        raise DataError(f"{name} has fractions, so it is no label map; save it with whole numbers.")
    if colours.shape[2] == 3 and (colours == colours[..., :1]).all():
        colours = colours[..., :1]
    if colours.shape[2] == 1:
        return _without_rim(colours[..., 0].astype(np.int32))
    if channels.lossy:
        raise DataError(f"{name} has lossy compression, which mixes the colours of a label map; save it as PNG.")
    deep = colours.astype(np.int64)
    codes = (deep[..., 0] << 32) + (deep[..., 1] << 16) + deep[..., 2]
    used, labels = np.unique(codes, return_inverse=True)
    if len(used) > MOST_COLOURS:
        raise DataError(f"{name} has {len(used)} colours, so it is no label map; save one colour per object.")
    red, green, blue = RIM_COLOUR
    # The numbers of black and of the rim become 0, and those of the others follow the order of their colours.
    nobody = np.isin(used, [0, (red << 32) + (green << 16) + blue])
    numbers = np.where(nobody, 0, np.cumsum(~nobody))
    return numbers[labels.reshape(codes.shape)].astype(np.int32)


def _without_rim(labels: np.ndarray) -> np.ndarray:
    """Return a map of numbers in which the rim is background: 255 where other numbers are far below it."""
    used = np.unique(labels)
    others = used[(used > 0) & (used != RIM)]
    if RIM in used and len(others) and others[-1] < RIM - 1:
        return np.where(labels == RIM, 0, labels)
    return labels
