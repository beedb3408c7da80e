import json

import pytest

from inpaint.weights import Contract, ModelError
from inpaint.weights.contract import METADATA_KEY


def test_it_survives_the_metadata() -> None:
    contract = Contract(name="x", image_range=(0.0, 1.0), stride=32, native_size=512, native_hole=200, licence="MIT")
    assert Contract.from_metadata(contract.to_metadata()) == contract


def test_keys_of_later_versions_of_the_same_record_are_left_alone() -> None:
    record = json.loads(Contract(name="x").to_metadata()[METADATA_KEY])
    assert Contract.from_metadata({METADATA_KEY: json.dumps(record | {"mood": "good"})}) == Contract(name="x")


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {METADATA_KEY: "not json"},
        {METADATA_KEY: "[]"},
        {METADATA_KEY: "{}"},
        {METADATA_KEY: '{"name": "x", "image_range": 3}'},
        {METADATA_KEY: '{"name": "x", "version": 99}'},
        {METADATA_KEY: '{"name": "x", "task": "upscale"}'},
        {METADATA_KEY: '{"name": "x", "stride": 0}'},
        {METADATA_KEY: '{"name": "x", "image_range": [1, 1]}'},
    ],
)
def test_bad_metadata_is_refused_in_one_sentence(metadata: dict[str, str]) -> None:
    with pytest.raises(ModelError) as raised:
        Contract.from_metadata(metadata)
    assert "\n" not in str(raised.value)
