"""One running studio: its folder, models, jobs and open pages."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio.to_thread

from inpaint.studio.document import Document
from inpaint.studio.events import GRACE, Events
from inpaint.studio.jobs import Jobs
from inpaint.studio.library import Library
from inpaint.studio.models import Models


class Studio:
    """What the addresses work with."""

    def __init__(self, library: Library, models: Models, first: str | None = None) -> None:
        self.library = library
        self.models = models
        self.first = first
        """Name of the photograph that the page opens first."""
        self.events = Events()
        self.jobs = Jobs(self.events.tell)
        self.wanted = True
        """False once the last page has been closed."""

    @asynccontextmanager
    async def lifespan(self, _: object) -> AsyncIterator[None]:
        """Watch, while the server runs, whether a page is still open."""
        watch = asyncio.create_task(self._watch())
        yield
        watch.cancel()

    async def _watch(self) -> None:
        """Notice that the last page has been closed."""
        alone = 0.0
        while alone < GRACE:
            await asyncio.sleep(0.5)
            alone = 0.0 if self.events.pages or not self.events.seen else alone + 0.5
        self.wanted = False

    async def document(self, name: str) -> Document:
        """Return the photograph of this name, opened in another thread."""
        return await anyio.to_thread.run_sync(self.library.open, name)

    def close(self) -> None:
        """End the thread of the jobs."""
        self.jobs.close()
