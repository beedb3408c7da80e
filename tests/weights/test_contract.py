import json

import pytest

from inpaint.weights import Contract, ModelError
from inpaint.weights.onnx_metadata import METADATA_KEY


def test_it_survives_the_metadata() -> None:
    contract = Contract(name="x", image_range=(0.0, 1.0), stride=32, native_size=512, native_hole=200, licence="MIT")
    assert Contract.from_metadata(contract.to_metadata()) == contract


def test_what_is_foreign_survives_too() -> None:
    contract = Contract(
        name="x",
        output_range=(0.0, 255.0),
        mask_values=(255.0, 0.0),
        dtype="uint8",
        colours="BGR",
        known="near",
        least_size=256,
        fixed_size=True,
        largest_batch=1,
        under_hole=0.5,
    )
    assert Contract.from_metadata(contract.to_metadata()) == contract


def test_keys_of_later_versions_of_the_same_record_are_left_alone() -> None:
    record = json.loads(Contract(name="x").to_metadata()[METADATA_KEY])
    assert Contract.from_metadata({METADATA_KEY: json.dumps(record | {"mood": "good"})}) == Contract(name="x")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *((size, 64.5) for size in ("stride", "native_size", "native_hole", "least_size", "largest_batch")),
        *((size, True) for size in ("stride", "native_size", "native_hole", "least_size", "largest_batch")),
        ("stride", "8"),
        ("version", 1.0),
        ("fixed_size", 1),
        ("under_hole", "grey"),
        ("image_range", [0, float("nan")]),
        ("image_range", [float("-inf"), 1]),
        ("image_range", [0, "1"]),
        ("output_range", [0, 1, 2]),
        ("mask_values", None),
        ("name", 5),
        ("image_input", ["image"]),
        ("colours", "CMYK"),
    ],
)
def test_what_a_field_cannot_be_is_refused_by_name(field: str, value: object) -> None:
    record = json.loads(Contract(name="x").to_metadata()[METADATA_KEY]) | {field: value}
    with pytest.raises(ModelError, match=f"says {field} = .*export"):
        Contract.from_metadata({METADATA_KEY: json.dumps(record)})


def test_whole_numbers_do_for_ranges() -> None:
    record = {"name": "x", "image_range": [0, 255], "mask_values": [255, 0], "output_range": None, "under_hole": 1}
    contract = Contract.from_metadata({METADATA_KEY: json.dumps(record)})
    expected = Contract(name="x", image_range=(0.0, 255.0), mask_values=(255.0, 0.0), under_hole=1.0)
    assert contract == expected


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {METADATA_KEY: "not json"},
        {METADATA_KEY: "[]"},
        {METADATA_KEY: "{}"},
        {METADATA_KEY: '{"name": "x", "image_range": 3}'},
        {METADATA_KEY: '{"name": "x", "image_range": [0, 1%s]}' % ("0" * 400)},
        {METADATA_KEY: "[" * 100_000},
        {METADATA_KEY: '{"name": "x", "version": 99}'},
        {METADATA_KEY: '{"name": "x", "task": "upscale"}'},
        {METADATA_KEY: '{"name": "x", "stride": 0}'},
        {METADATA_KEY: '{"name": "x", "image_range": [1, 1]}'},
        {METADATA_KEY: '{"name": "x", "output_range": [1, 0]}'},
        {METADATA_KEY: '{"name": "x", "mask_values": [1, 1]}'},
        {METADATA_KEY: '{"name": "x", "dtype": "float64"}'},
        {METADATA_KEY: '{"name": "x", "known": "perhaps"}'},
        {METADATA_KEY: '{"name": "x", "least_size": 0}'},
    ],
)
def test_bad_metadata_is_refused_in_one_sentence(metadata: dict[str, str]) -> None:
    with pytest.raises(ModelError) as raised:
        Contract.from_metadata(metadata)
    assert "\n" not in str(raised.value)
