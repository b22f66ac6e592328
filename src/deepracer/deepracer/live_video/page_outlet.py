"""The page: an HTTP server with an endless MP4, and what a browser needs to play it at once."""

import errno
import logging
from importlib.resources import files

from aiohttp import web

from deepracer.live_video.audience import Audience, Programme
from deepracer.live_video.containers import Mp4Fragments
from deepracer.live_video.encoder import EncodedPicture, Encoder
from deepracer.live_video.outlet import Outlet
from deepracer.live_video.target import PageTarget

VIDEO_PATH = "/live.mp4"

_RETRY_S = 2.0
"""Seconds until a port that is in use is tried again."""

_SHUTDOWN_S = 1.0

_NEVER_STORED = {"Cache-Control": "no-store"}

_log = logging.getLogger(__name__)


class PageOutlet(Outlet):
    """Serves the page and the video to as many as come.

    A viewer is sent the pictures since the last key at once, so that it sees something immediately,
    then each picture when it is made.

    Args:
        target: where it listens.
    """

    def __init__(self, target: PageTarget) -> None:
        super().__init__()
        self._target = target
        self._audience = Audience()
        self._fragments: Mp4Fragments | None = None
        self._page = files(__package__).joinpath("page.html").read_bytes()

    @property
    def wanted(self) -> bool:
        """Whether anybody watches."""
        return self._audience.count > 0

    def begin(self, encoder: Encoder) -> None:
        """See `Outlet`."""
        self._end_programme()
        self._fragments = Mp4Fragments(encoder.stream)
        programme = Programme(self._fragments.head, encoder.codec)
        self._loop.call_soon_threadsafe(self._audience.show, programme)

    def add(self, picture: EncodedPicture) -> None:
        """See `Outlet`."""
        assert self._fragments is not None
        fragment = self._fragments.add(picture)
        if fragment is not None:
            self._loop.call_soon_threadsafe(self._audience.add, fragment)

    def end(self) -> None:
        """See `Outlet`."""
        if self._end_programme():
            self._loop.call_soon_threadsafe(self._audience.show, None)

    def _end_programme(self) -> bool:
        if self._fragments is None:
            return False
        self._fragments.close()
        self._fragments = None
        return True

    async def _run(self) -> None:
        application = web.Application()
        application.add_routes(
            [web.get("/", self._answer_page), web.get(VIDEO_PATH, self._answer_video)]
        )
        runner = web.AppRunner(
            application,
            access_log=None,
            handler_cancellation=True,
            shutdown_timeout=_SHUTDOWN_S,
        )
        await runner.setup()
        try:
            if await self._listen(runner):
                await self._stop.wait()
        finally:
            self._audience.show(None)
            await runner.cleanup()

    async def _listen(self, runner: web.AppRunner) -> bool:
        """Listen as soon as the port can be had; False when it is time to stop before that."""
        is_told = False
        while True:
            try:
                # A port that only lingers after the last simulation's end can be had.
                host, port = self._target.host, self._target.port
                await web.TCPSite(runner, host, port, reuse_address=True).start()
            except OSError as error:
                if not is_told:
                    _log.warning("live video: %s", _explain(error, self._target))
                    is_told = True
            else:
                _log.info("live video: %s", self._target)
                return True
            if await self._pause(_RETRY_S):
                return False

    async def _answer_page(self, _: web.Request) -> web.Response:
        return web.Response(
            body=self._page, content_type="text/html", charset="utf-8", headers=_NEVER_STORED
        )

    async def _answer_video(self, request: web.Request) -> web.StreamResponse:
        if request.method == "HEAD":
            return web.Response(content_type="video/mp4", headers=_NEVER_STORED)
        with self._audience.seat():
            programme = await self._audience.programme()
            response = web.StreamResponse(headers=_NEVER_STORED)
            response.content_type = "video/mp4"
            response.headers["Content-Type"] = f'video/mp4; codecs="{programme.codec}"'
            await response.prepare(request)
            with self._audience.watching(programme) as viewer:
                async for piece in viewer.pieces():
                    await response.write(piece)
            await response.write_eof()
        return response


def _explain(error: OSError, target: PageTarget) -> str:
    place = f"{target.host} port {target.port}"
    if error.errno == errno.EADDRINUSE:
        return (
            f"{place} is in use by another program: end that, or choose another port with"
            " live_video; until then nothing can be watched, and the simulation goes on"
        )
    return (
        f"cannot listen on {place} ({error.strerror}): choose another address or port with"
        " live_video; until then nothing can be watched, and the simulation goes on"
    )
