"""What the server answers: to whom, what, and that a fill is the same as the command's."""

import io
import time

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from inpaint.core import fill, load_engine
from inpaint.studio.server import make_app

BRUSH = {"kind": "brush", "radius": 6, "points": [[60, 50], [80, 60]]}


def wait(client, changes=1):
    """Wait until nothing is under way, and return the photograph's description."""
    for _ in range(400):
        if not client.get("api/state").json()["jobs"]:
            return client.get("api/photos/a.png").json()
        time.sleep(0.02)
    raise AssertionError("the job does not end")


def tile(client, photo="a.png", query="v=1"):
    answer = client.get(f"api/photos/{photo}/tiles/0/0/0?{query}")
    return np.asarray(Image.open(io.BytesIO(answer.content)))


def test_nobody_without_the_token(studio):
    with TestClient(make_app(studio, "token", {"testserver"})) as stranger:
        for path in ("/", "/api/state", "/tokem/", "/token2/", "/static/app.js"):
            assert stranger.get(path).status_code == 403, path
        assert stranger.get("/token/api/state", headers={"host": "evil.example"}).status_code == 403
        assert stranger.get("/token/api/state", headers={"sec-fetch-site": "cross-site"}).status_code == 403
        assert stranger.get("/token/api/state").status_code == 200
        assert "access-control-allow-origin" not in stranger.get("/token/").headers


def test_requests_that_are_too_large(client):
    assert client.post("api/photos/a.png/fill", content=b"x" * 8_000_001).status_code == 413

    def pieces():
        for _ in range(9):
            yield b"x" * 1_000_000

    assert client.post("api/photos/a.png/fill", content=pieces()).status_code == 413


@pytest.mark.parametrize("name", ["..%2Fa.png", "%2Fetc%2Fpasswd", "notes.txt", "missing.png", ".hidden.png"])
def test_only_photographs_of_the_folder(client, folder, name):
    (folder.parent / "a.png").write_bytes((folder / "a.png").read_bytes())
    assert client.get(f"api/photos/{name}").status_code in (404, 405)


def test_a_link_that_leads_out_of_the_folder(client, folder):
    (folder.parent / "secret.png").write_bytes((folder / "a.png").read_bytes())
    (folder / "link.png").symlink_to(folder.parent / "secret.png")
    assert client.get("api/photos/link.png").status_code == 404


def test_a_broken_file_says_what_is_wrong(client):
    answer = client.get("api/photos/broken.png")
    assert answer.status_code == 404
    assert "broken.png" in answer.json()["message"]


def test_the_page_and_its_parts(client):
    assert "app.js" in client.get("").text
    for name, kind in (("app.js", "text/javascript"), ("style.css", "text/css"), ("icon.svg", "image/svg+xml")):
        assert client.get(f"static/{name}").headers["content-type"].startswith(kind)
    assert client.get("static/..%2Fserver.py").status_code == 404
    assert "default-src 'none'" in client.get("").headers["content-security-policy"]


def test_a_fill_is_that_of_the_command_and_can_be_taken_back(client, folder, tiny_model):
    before = np.asarray(Image.open(folder / "a.png"))
    request = {"strokes": [BRUSH], "grow": 2}
    mask = np.asarray(Image.open(io.BytesIO(client.post("api/photos/a.png/mask", json=request).content))) > 127
    wanted = fill(before, mask, load_engine(tiny_model, "cpu"))
    assert client.post("api/photos/a.png/fill", json=request).status_code == 202
    described = wait(client)
    assert described["version"] == 1
    assert described["can_undo"]
    np.testing.assert_array_equal(tile(client), wanted)
    np.testing.assert_array_equal(tile(client, query="original"), before)

    told = client.post("api/photos/a.png/move", json={"to": "undo"}).json()
    assert (told["version"], told["can_undo"], told["can_redo"]) == (2, False, True)
    np.testing.assert_array_equal(tile(client, query="v=2"), before)
    assert client.post("api/photos/a.png/move", json={"to": "undo"}).json()["message"] == "There is nothing to undo."
    client.post("api/photos/a.png/move", json={"to": "redo"})
    np.testing.assert_array_equal(tile(client, query="v=3"), wanted)

    assert client.post("api/photos/a.png/save", json={"name": "out.png"}).json()["name"] == "out.png"
    np.testing.assert_array_equal(np.asarray(Image.open(folder / "out.png")), wanted)
    np.testing.assert_array_equal(np.asarray(Image.open(folder / "a.png")), before)
    assert client.post("api/photos/a.png/save", json={"name": "out.png"}).status_code == 200  # its own


@pytest.mark.parametrize("name", ["a.png", "b.jpg", "../out.png", "/out.png", ".out.png", "out.txt", "sub/out.png"])
def test_saving_replaces_nothing_and_stays_in_the_folder(client, folder, name):
    before = {path: path.read_bytes() for path in folder.parent.rglob("*") if path.is_file()}
    answer = client.post("api/photos/a.png/save", json={"name": name})
    assert answer.status_code == 422
    assert answer.json()["message"]
    assert {path: path.read_bytes() for path in folder.parent.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize(
    "body",
    [{}, {"strokes": []}, {"strokes": [{"kind": "brush"}]}, {"strokes": "x"}, {"strokes": [BRUSH], "grow": "many"}],
)
def test_requests_that_mean_nothing_change_nothing(client, folder, body):
    client.post("api/photos/a.png/fill", json=body)
    assert wait(client)["version"] == 0
    np.testing.assert_array_equal(tile(client), np.asarray(Image.open(folder / "a.png")))
    assert client.post("api/photos/a.png/fill", content=b"[1]").status_code == 400
    assert client.post("api/photos/a.png/fill", content=b"{").status_code == 400


def test_a_job_that_is_cancelled_leaves_the_photograph(client, studio, folder, monkeypatch):
    from inpaint.studio import actions

    def slow(pixels, mask, engine, *, progress, **_):
        pixels[mask] = 0
        for _ in range(500):
            time.sleep(0.01)
            progress(0, 1)

    monkeypatch.setattr(actions, "fill_pixels", slow)
    job = client.post("api/photos/a.png/fill", json={"strokes": [BRUSH]}).json()["job"]
    time.sleep(0.1)
    np.testing.assert_array_equal(tile(client), np.asarray(Image.open(folder / "a.png")))  # not half a fill
    assert client.post("api/photos/a.png/save", json={"name": "half.png"}).status_code == 422
    client.post(f"api/jobs/{job}/cancel")
    assert wait(client)["version"] == 0
    np.testing.assert_array_equal(tile(client, query="v=0"), np.asarray(Image.open(folder / "a.png")))


def test_variations_can_be_chosen_until_the_next_change(client, folder):
    request = {"strokes": [BRUSH], "variations": 3, "detail": "texture"}
    client.post("api/photos/a.png/fill", json=request)
    described = wait(client)
    assert described["choices"] == 3
    pictures = [client.get(f"api/photos/a.png/choices/{number}") for number in range(4)]
    assert [picture.status_code for picture in pictures] == [200, 200, 200, 404]
    first = tile(client)
    told = client.post("api/photos/a.png/choose", json={"number": 2}).json()
    assert told["version"] == 2
    other = tile(client, query="v=2")
    assert (other != first).any()
    client.post("api/photos/a.png/choose", json={"number": 0})
    np.testing.assert_array_equal(tile(client, query="v=3"), first)
    assert client.post("api/photos/a.png/choose", json={"number": 3}).status_code == 422
    client.post("api/photos/a.png/move", json={"to": "undo"})
    assert client.post("api/photos/a.png/choose", json={"number": 1}).status_code == 422
    np.testing.assert_array_equal(tile(client, query="v=4"), np.asarray(Image.open(folder / "a.png")))


def test_texture_comes_from_where_it_is_painted_to(client, folder):
    left, right = np.full((120, 80, 3), (200, 30, 30), np.uint8), np.full((120, 80, 3), (30, 30, 200), np.uint8)
    noise = np.random.default_rng(1).integers(-20, 20, (120, 160, 3))
    halves = (np.concatenate([left, right], axis=1) + noise).clip(0, 255).astype(np.uint8)
    Image.fromarray(halves).save(folder / "halves.png")
    box = {"kind": "box", "box": [70, 50, 20, 20]}
    for side, wanted in ((0, 0), (100, 2)):
        sources = [{"kind": "box", "box": [side, 0, 60, 120]}]
        client.post("api/photos/halves.png/fill", json={"strokes": [box], "sources": sources, "detail": "texture"})
        wait(client)
        middle = tile(client, "halves.png", f"v={side}")[56:64, 76:84].astype(int).mean(axis=(0, 1))
        assert middle.argmax() == wanted, middle
        client.post("api/photos/halves.png/move", json={"to": "undo"})


def test_tiles_show_the_colours_of_a_profile(client, folder):
    import imagecodecs

    orange = Image.new("RGB", (40, 30), (162, 115, 60))
    orange.save(folder / "adobe.png", icc_profile=imagecodecs.cms_profile("adobergb"))
    np.testing.assert_allclose(tile(client, "adobe.png")[10, 10].astype(int), [178, 115, 51], atol=4)


def test_tiles_of_a_large_photograph_of_16_bits(client, folder):
    import cv2

    deep = np.zeros((1100, 700, 3), np.uint16)
    deep[:, :, 2] = 65535  # red, in OpenCV's order
    cv2.imwrite(str(folder / "deep.png"), deep)
    described = client.get("api/photos/deep.png").json()
    assert (described["levels"], described["depth"]) == (3, "16 bits")
    places = ((0, 0, 0), (0, 1, 2), (1, 0, 1), (2, 0, 0))
    answers = {place: client.get("api/photos/deep.png/tiles/{}/{}/{}".format(*place)) for place in places}
    sizes = {place: Image.open(io.BytesIO(answer.content)).size for place, answer in answers.items()}
    assert sizes == {(0, 0, 0): (512, 512), (0, 1, 2): (188, 76), (1, 0, 1): (350, 38), (2, 0, 0): (175, 275)}
    assert client.get("api/photos/deep.png/tiles/0/2/0").status_code == 404
    assert tuple(tile(client, "deep.png")[0, 0]) == (255, 0, 0)
