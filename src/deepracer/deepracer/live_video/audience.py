"""Those who watch a page: each gets the newest pictures as fast as it takes them.

It lives on one event loop. A viewer that is slow loses pictures, and nobody waits for it.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from deepracer.live_video.containers import Mp4Fragment

BACKLOG = 60
"""Fragments that are kept for a viewer; one that has not taken them is four seconds behind."""


@dataclass(slots=True)
class Programme:
    """What one encoder makes.

    Attributes:
        head: of the MP4 that all its fragments belong to.
        codec: what browsers call it.
        newest: the fragments since the last key, with which a viewer begins.
        viewers: of it.
        ended: nothing more will come.
    """

    head: bytes
    codec: str
    newest: list[Mp4Fragment] = field(default_factory=list)
    viewers: "set[Viewer]" = field(default_factory=set)
    ended: bool = False

    def add(self, fragment: Mp4Fragment) -> None:
        """Show a fragment to all."""
        if fragment.is_key:
            self.newest.clear()
        self.newest.append(fragment)
        for viewer in self.viewers:
            viewer.offer(fragment)

    def end(self) -> None:
        """Send all viewers home."""
        self.ended = True
        for viewer in self.viewers:
            viewer.wake()


class Viewer:
    """One who watches a programme.

    Args:
        programme: that is watched.
    """

    def __init__(self, programme: Programme) -> None:
        self._programme = programme
        self._waiting = deque(programme.newest)
        self._changed = asyncio.Event()
        # Nothing can be seen before the first key.
        self._awaits_key = not programme.newest

    def offer(self, fragment: Mp4Fragment) -> None:
        """Put a fragment at the end of the queue; a queue that is too long is given up."""
        if len(self._waiting) >= BACKLOG:
            self._waiting.clear()
            self._awaits_key = True
        if fragment.is_key or not self._awaits_key:
            self._awaits_key = False
            self._waiting.append(fragment)
        self._changed.set()

    def wake(self) -> None:
        """Have it look whether the programme has ended."""
        self._changed.set()

    async def pieces(self) -> AsyncIterator[bytes]:
        """The pieces of an MP4 that begins now, until the programme ends."""
        yield self._programme.head
        while not self._programme.ended:
            while self._waiting:
                yield self._waiting.popleft().data
            self._changed.clear()
            if not self._waiting and not self._programme.ended:
                await self._changed.wait()


class Audience:
    """All viewers, and what there is to see.

    Attributes:
        count: of those who watch or wait for something to watch.
    """

    def __init__(self) -> None:
        self.count = 0
        self._programme: Programme | None = None
        self._changed = asyncio.Event()

    def show(self, programme: Programme | None) -> None:
        """End the programme that there is; show this one, if any, to those who come or wait."""
        if self._programme is not None:
            self._programme.end()
        self._programme = programme
        if programme is not None:
            self._changed.set()

    def add(self, fragment: Mp4Fragment) -> None:
        """Show a fragment of the programme."""
        if self._programme is not None:
            self._programme.add(fragment)

    @contextmanager
    def seat(self) -> Iterator[None]:
        """While somebody watches: there are pictures because of that."""
        self.count += 1
        try:
            yield
        finally:
            self.count -= 1

    async def programme(self) -> Programme:
        """What there is to see, as soon as there is something."""
        while self._programme is None:
            self._changed.clear()
            await self._changed.wait()
        return self._programme

    @contextmanager
    def watching(self, programme: Programme) -> Iterator[Viewer]:
        """A viewer of a programme."""
        viewer = Viewer(programme)
        programme.viewers.add(viewer)
        try:
            yield viewer
        finally:
            programme.viewers.discard(viewer)
