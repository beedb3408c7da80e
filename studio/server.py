"""The studio's web server: where it listens, and when it ends."""

import asyncio
import secrets
import socket
from collections.abc import Callable

import uvicorn
from starlette.applications import Starlette
from starlette.types import ASGIApp

from inpaint.core.errors import InpaintError
from inpaint.studio.access_control import Guard
from inpaint.studio.routes import routes
from inpaint.studio.session import Studio


def make_app(studio: Studio, token: str, hosts: set[str]) -> ASGIApp:
    """Return the web application of a studio, behind its guard.

    - `token`: first part of every path;
    - `hosts`: what a request's header Host may be.
    """
    return Guard(Starlette(routes=routes(studio), lifespan=studio.lifespan), token, hosts)


def serve(studio: Studio, host: str, port: int, ready: Callable[[str], None]) -> None:
    """Serve until the last page is closed, or Ctrl-C.

    - `host`: address to listen at, and `port`, 0 for any that is free;
    - `ready`: called with the page's address once it can be opened.

    Raises `InpaintError` where the port is taken.
    """
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise InpaintError(
            f"The studio cannot listen at {host}:{port}: {error.strerror}; choose another --port."
        ) from error
    port = listener.getsockname()[1]
    token = secrets.token_urlsafe(24)
    shown = f"[{host}]" if ":" in host else host
    hosts = {
        f"{shown}:{port}",
        *({f"127.0.0.1:{port}", f"localhost:{port}"} if host in ("127.0.0.1", "localhost") else ()),
    }
    config = uvicorn.Config(
        make_app(studio, token, hosts), log_level="error", access_log=False, timeout_graceful_shutdown=2
    )
    server = uvicorn.Server(config)
    address = f"http://{shown}:{port}/{token}/"

    async def run() -> None:
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started and not serving.done():
            await asyncio.sleep(0.01)
        if server.started:
            ready(address)
        while studio.wanted and not serving.done() and not server.should_exit:
            await asyncio.sleep(0.2)
        server.should_exit = True
        studio.events.close()
        await serving

    try:
        asyncio.run(run())
    finally:
        studio.close()
        listener.close()
