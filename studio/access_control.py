"""Who may talk to the studio: only who has the token of its address, under the host's own name, and in small pieces."""

import secrets
from collections.abc import Container

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BYTES = 8_000_000
"""Most bytes of one request."""

HEADERS = {
    b"content-security-policy": b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    b"connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
    b"referrer-policy": b"no-referrer",
    b"x-content-type-options": b"nosniff",
    b"cross-origin-resource-policy": b"same-origin",
    b"cross-origin-opener-policy": b"same-origin",
}


class TooLargeError(Exception):
    """A request is larger than `MOST_BYTES`."""


class Guard:
    """Lets requests through to `app` whose path begins with the token, which is taken off; the others get 403.

    hosts: the values of the header Host that are this server's. A page elsewhere whose name leads to this machine (DNS
    rebinding) has another one.
    """

    def __init__(self, app: ASGIApp, token: str, hosts: Container[str]) -> None:
        self.app = app
        self.token = token
        self.hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, as ASGI has it."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":  # there are no web sockets here
            return
        headers = Headers(scope=scope)
        first, _, rest = scope["path"].lstrip("/").partition("/")
        known = secrets.compare_digest(first.encode(), self.token.encode())
        foreign = headers.get("sec-fetch-site", "none") not in ("none", "same-origin")
        navigation = scope["method"] == "GET" and headers.get("sec-fetch-mode") == "navigate"
        if not known or headers.get("host", "") not in self.hosts or (foreign and not navigation):
            await PlainTextResponse("Open the studio by the address that it printed.", 403)(scope, receive, send)
            return
        if int(headers.get("content-length") or 0) > MOST_BYTES:
            await PlainTextResponse("This request is too large.", 413)(scope, receive, send)
            return
        received = 0

        async def bounded() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > MOST_BYTES:
                raise TooLargeError
            return message

        async def protected(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *HEADERS.items()]
            await send(message)

        await self.app({**scope, "path": f"/{rest}", "raw_path": None}, bounded, protected)
