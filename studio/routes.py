"""What each address of the studio answers."""

import mimetypes
from collections.abc import Awaitable, Callable
from functools import wraps
from importlib.resources import files
from typing import Any

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from inpaint.core.errors import ImageError, InpaintError, MaskError
from inpaint.core.filling.regions import Box
from inpaint.core.images.pixels import white_of
from inpaint.studio import actions
from inpaint.studio.access_control import TooLargeError
from inpaint.studio.document import Document
from inpaint.studio.jobs import Report
from inpaint.studio.models import usable_models
from inpaint.studio.session import Studio
from inpaint.studio.tiles import SIDE, encode_choice, encode_mask, encode_tile, levels, tile_box

Handler = Callable[[Studio, Request], Awaitable[Response]]

PAGE = files("inpaint.studio") / "page"


def routes(studio: Studio) -> list[Route]:
    """Return the addresses of a studio."""

    def route(path: str, handler: Handler, method: str = "GET") -> Route:
        @wraps(handler)
        async def answer(request: Request) -> Response:
            try:
                return await handler(studio, request)
            except TooLargeError:
                return JSONResponse({"message": "This request is too large."}, 413)
            except ImageError as error:
                return JSONResponse({"message": str(error)}, 404)
            except InpaintError as error:
                return JSONResponse({"message": str(error)}, 422)

        return Route(path, answer, methods=[method])

    photo = "/api/photos/{photo}"
    return [
        route("/", _page),
        route("/static/{name}", _static),
        route("/api/events", _events),
        route("/api/state", _state),
        route(photo, _open),
        route(photo + "/tiles/{level:int}/{column:int}/{row:int}", _tile),
        route(photo + "/pieces/{number:int}", _piece),
        route(photo + "/choices/{number:int}", _choice),
        route(photo + "/{action}", _act, "POST"),
        route("/api/jobs/{number:int}/cancel", _cancel, "POST"),
    ]


async def _page(studio: Studio, request: Request) -> Response:
    return Response((PAGE / "index.html").read_bytes(), media_type="text/html")


async def _static(studio: Studio, request: Request) -> Response:
    name = request.path_params["name"]
    if name not in {entry.name for entry in PAGE.iterdir()}:
        return Response(status_code=404)
    kind = {".js": "text/javascript"}.get(name[name.rfind(".") :]) or mimetypes.guess_type(name)[0]
    return Response((PAGE / name).read_bytes(), media_type=kind, headers={"cache-control": "no-cache"})


async def _events(studio: Studio, request: Request) -> Response:
    return StreamingResponse(
        studio.events.stream(), media_type="text/event-stream", headers={"cache-control": "no-store"}
    )


async def _state(studio: Studio, request: Request) -> Response:
    return JSONResponse(
        {
            "photos": studio.library.names(),
            "first": studio.first,
            "jobs": studio.jobs.pending(),
            "models": await anyio.to_thread.run_sync(usable_models),
        }
    )


async def _open(studio: Studio, request: Request) -> Response:
    document = await studio.document(request.path_params["photo"])
    return JSONResponse(_describe(studio, document))


def _describe(studio: Studio, document: Document) -> dict[str, Any]:
    width, height = document.size
    dtype = document.photo.pixels.dtype
    return {
        "name": document.path.name,
        "width": width,
        "height": height,
        "depth": f"{8 * dtype.itemsize} bits" if white_of(dtype) > 1 else f"{8 * dtype.itemsize}-bit floats",
        "tile": SIDE,
        "levels": levels(document.size),
        "version": document.version,
        "can_undo": bool(document.done),
        "can_redo": bool(document.undone),
        "choices": len(document.done[-1].choices) if document.done else 0,
        "save_as": studio.library.suggested_name(document),
        "notes": list(document.photo.notes),
    }


async def _tile(studio: Studio, request: Request) -> Response:
    document = await studio.document(request.path_params["photo"])
    level, column, row = (request.path_params[name] for name in ("level", "column", "row"))
    box = tile_box(document.size, level, column, row)
    if box is None:
        return Response(status_code=404)
    original = "original" in request.query_params
    png = await anyio.to_thread.run_sync(lambda: encode_tile(document, box, level, original=original))
    # Its address has the version, so that it never changes under the same one.
    return Response(png, media_type="image/png", headers={"cache-control": "private, max-age=3600"})


async def _piece(studio: Studio, request: Request) -> Response:
    document = await studio.document(request.path_params["photo"])
    piece = document.pieces.get(request.path_params["number"])
    return Response(encode_mask(piece.mask), media_type="image/png") if piece else Response(status_code=404)


async def _choice(studio: Studio, request: Request) -> Response:
    document = await studio.document(request.path_params["photo"])
    png = await anyio.to_thread.run_sync(encode_choice, document, request.path_params["number"])
    return Response(png, media_type="image/png") if png else Response(status_code=404)


async def _cancel(studio: Studio, request: Request) -> Response:
    there = studio.jobs.cancel(request.path_params["number"])
    return JSONResponse({}, 200 if there else 404)


async def _act(studio: Studio, request: Request) -> Response:
    document = await studio.document(request.path_params["photo"])
    try:
        body = await request.json() if await request.body() else {}
    except ValueError:
        body = None
    if not isinstance(body, dict):
        return JSONResponse({"message": "The request is not a JSON object."}, 400)
    action = request.path_params["action"]
    if action not in _ACTIONS:
        return Response(status_code=404)
    return await _ACTIONS[action](studio, document, body)


async def _fill(studio: Studio, document: Document, body: dict[str, Any]) -> Response:
    def work(report: Report) -> dict[str, Any]:
        return actions.fill(document, studio.models, body, report)

    return JSONResponse(studio.jobs.add("Fill", document.path.name, work).public(), 202)


async def _place(studio: Studio, document: Document, body: dict[str, Any]) -> Response:
    source = await studio.document(str(body.get("source", "")))

    def work(report: Report) -> dict[str, Any]:
        return actions.place(document, source, studio.models, body, report)

    return JSONResponse(studio.jobs.add("Place object", document.path.name, work).public(), 202)


async def _find(studio: Studio, document: Document, body: dict[str, Any]) -> Response:
    return JSONResponse(await anyio.to_thread.run_sync(actions.find, document, studio.models, body))


async def _move(studio: Studio, document: Document, body: dict[str, Any]) -> Response:
    back = body.get("to", "undo") == "undo"
    patch = document.undo() if back else document.redo()
    if patch is None:
        raise MaskError(f"There is nothing to {'undo' if back else 'redo'}.")
    return JSONResponse(_changed(studio, document, patch.box))


async def _choose(studio: Studio, document: Document, body: dict[str, Any]) -> Response:
    number = body.get("number")
    patch = document.choose(number) if isinstance(number, int) else None
    if patch is None:
        raise MaskError("This fill is no longer there to choose from; fill again.")
    return JSONResponse(_changed(studio, document, patch.box))


def _changed(studio: Studio, document: Document, box: Box) -> dict[str, Any]:
    """Tell all pages that a box of a photograph is another one now; returns what they are told."""
    told = {**_describe(studio, document), "box": [box.left, box.top, box.width, box.height]}
    studio.events.tell({"photo": document.path.name, "state": "changed", **told})
    return told


async def _mask(studio: Studio, document: Document, body: dict[str, Any]) -> Response:
    mask = await anyio.to_thread.run_sync(actions.selection_of, document, body)
    png = await anyio.to_thread.run_sync(encode_mask, mask)
    return Response(png, media_type="image/png")


async def _save(studio: Studio, document: Document, body: dict[str, Any]) -> Response:
    name = str(body.get("name") or studio.library.suggested_name(document))
    notes = await anyio.to_thread.run_sync(studio.library.save, document, name)
    return JSONResponse({"name": name, "notes": list(notes)})


_ACTIONS = {
    "fill": _fill,
    "place": _place,
    "find": _find,
    "move": _move,
    "choose": _choose,
    "mask": _mask,
    "save": _save,
}
