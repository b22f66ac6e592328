"""The pictures of live video: those of a film, smaller, of whatever is being driven."""

from collections.abc import Callable
from math import ceil, cos, floor

import numpy as np
from deepracer_core.action_space import ActionSpace
from deepracer_core.simulation import CONTROL_RATE
from deepracer_core.track import Track
from numpy.typing import NDArray

from deepracer.live_video.snapshot import Snapshot
from deepracer.video.picture import Caption, EpisodePictures, Moment

WIDTH, HEIGHT = 854, 480
"""Pixels of a picture."""


class LivePictures:
    """Composes a picture of each snapshot.

    Args:
        track: in the direction of its route.
        speeds: slowest and fastest speed of the scale, m/s.
        subtitle: says what is being driven, from the episode's number and the model's version.
    """

    def __init__(
        self,
        track: Track,
        speeds: tuple[float, float],
        subtitle: Callable[[int, int | None], str],
    ) -> None:
        self._track = track
        self._speeds = speeds
        self._subtitle = subtitle
        self._ways: dict[bool, EpisodePictures] = {}
        self._pictures: EpisodePictures | None = None
        self._shown: tuple[int, int | None] | None = None

    def compose(self, snapshot: Snapshot) -> NDArray[np.uint8]:
        """The picture of a frame, uint8[HEIGHT, WIDTH, 3], RGB."""
        judgement = snapshot.judgement
        shown = judgement.episode, snapshot.version
        if self._pictures is None or shown != self._shown:
            self._shown = shown
            self._pictures = self._way(snapshot)
            self._pictures.begin(self._subtitle(*shown))
        began_ns = judgement.time_ns - judgement.step * 1_000_000_000 / CONTROL_RATE
        for frame in snapshot.passed:
            # Half a period: the stamps are whole nanoseconds.
            if frame.time_ns > began_ns - 5e8 / CONTROL_RATE:
                self._pictures.drive(frame.x, frame.y, frame.speed)
        moment = Moment(
            x=snapshot.x,
            y=snapshot.y,
            yaw=snapshot.yaw,
            speed=snapshot.speed,
            steering=snapshot.steering,
            progress=judgement.progress,
            reward=judgement.total_reward,
            time_s=judgement.time_s,
            status=judgement.status,
        )
        return self._pictures.compose(snapshot.images, moment)

    def _way(self, snapshot: Snapshot) -> EpisodePictures:
        """The pictures with the map of the direction in which the car is driving."""
        place = self._track.project([(snapshot.x, snapshot.y)])
        against = cos(snapshot.yaw - float(place.heading[0])) < 0.0
        if against not in self._ways:
            track = self._track.reversed() if against else self._track
            caption = Caption(track, track.name, "", self._speeds)
            self._ways[against] = EpisodePictures(caption, WIDTH)
        return self._ways[against]


def speeds_of(space: ActionSpace) -> tuple[float, float]:
    """Round numbers around the speeds that can be asked for, m/s."""
    if space.is_discrete:
        speeds = [space.command(action).speed for action in range(space.size)]
    else:
        speeds = [space.command(np.full(space.size, edge, np.float32)).speed for edge in (-1, 1)]
    slowest = floor(2 * min(speeds)) / 2
    return slowest, max(ceil(2 * max(speeds)) / 2, slowest + 0.5)


def subtitles(mode: str, worker: int | None = None) -> Callable[[int, int | None], str]:
    """What is written below the title.

    Args:
        mode: training or evaluation.
        worker: which one of several.
    """
    which = "" if worker is None else f" · worker {worker}"

    def subtitle(episode: int, version: int | None) -> str:
        number = f"trial {episode + 1}" if mode == "evaluation" else f"episode {episode}"
        model = "" if version is None else f" · model v{version}" if version else " · at random"
        return f"{mode}{which} · {number}{model}"

    return subtitle
