"""What happens, told to every open page as it happens; and whether any page is open at all."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

GRACE = 6.0
"""Seconds after the last page has gone until that counts as closed: a page that is reloaded is away for less."""


class Events:
    """Passes events from any thread to the pages (server-sent events)."""

    def __init__(self) -> None:
        self._pages: set[asyncio.Queue[str | None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self.seen = False
        """Whether a page was ever open."""

    @property
    def pages(self) -> int:
        """How many pages are open."""
        return len(self._pages)

    def tell(self, event: dict[str, Any]) -> None:
        """Send an event to all pages; from any thread."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._put, f"data: {json.dumps(event)}\n\n")

    def close(self) -> None:
        """Let every page's stream end; in the loop's thread."""
        self._put(None)

    def _put(self, text: str | None) -> None:
        for page in self._pages:
            page.put_nowait(text)

    async def stream(self) -> AsyncIterator[str]:
        """Yield the events of one page from now on; and a sign now and then, so that a closed page is noticed."""
        self._loop = asyncio.get_running_loop()
        self.seen = True
        page: asyncio.Queue[str | None] = asyncio.Queue()
        self._pages.add(page)
        try:
            yield ": hello\n\n"
            while True:
                try:
                    text = await asyncio.wait_for(page.get(), 2.0)
                except TimeoutError:
                    text = ": still here\n\n"
                if text is None:
                    return
                yield text
        finally:
            self._pages.discard(page)
