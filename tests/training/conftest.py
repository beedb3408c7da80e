import io
import tarfile

import pytest
from PIL import Image


@pytest.fixture(scope="session")
def shards(tmp_path_factory, picture):
    """The six pictures of `photographs`, losslessly in two WebDataset shards."""
    folder = tmp_path_factory.mktemp("shards")
    for shard in range(2):
        with tarfile.open(folder / f"train-{shard:04}.tar", "w") as tar:
            for key in range(3 * shard, 3 * shard + 3):
                buffer = io.BytesIO()
                Image.fromarray(picture(80, 96, key)).save(buffer, "WEBP", lossless=True)
                for suffix, data in (("webp", buffer.getvalue()), ("json", b"{}")):
                    member = tarfile.TarInfo(f"{key:06}.{suffix}")
                    member.size = len(data)
                    tar.addfile(member, io.BytesIO(data))
    return folder
