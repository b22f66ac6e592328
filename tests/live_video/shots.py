"""Pictures and frames to be shown."""

import time

import numpy as np
from deepracer.live_video.encoder import Encoder
from deepracer.live_video.outlet import Outlet
from deepracer.live_video.snapshot import Snapshot
from deepracer_core.episode import EpisodeStatus
from deepracer_core.judgement import Judgement
from deepracer_core.simulation import frame_time_ns
from deepracer_core.track import Track

WIDTH, HEIGHT = 320, 180


def picture(number: int) -> np.ndarray:
    """A picture that is unlike those before and after it."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    waves = 127 + 120 * np.sin((columns + 9 * number) / 17.0) * np.cos(rows / 11.0)
    return np.repeat(waves.astype(np.uint8)[..., None], 3, axis=-1)


class Camera:
    """Supplies an outlet with small pictures.

    Args:
        outlet: that takes them.
        faster: pictures come at a time of their own, so many times as fast as that of the wall.
    """

    def __init__(self, outlet: Outlet, faster: float = 1.0) -> None:
        self._outlet = outlet
        self._faster = faster
        self._encoder = Encoder(WIDTH, HEIGHT)
        self._number = 0
        self._began_ms = round(time.time() * 1000)
        outlet.begin(self._encoder)

    def shoot_until(self, condition, deadline_s: float = 20.0) -> None:
        """Supply pictures until something is the case."""
        end = time.monotonic() + deadline_s
        while not condition():
            assert time.monotonic() < end, "the deadline passed before it happened"
            self.shoot()
            time.sleep(1.0 / 15.0 / self._faster)

    def shoot(self, count: int = 1) -> None:
        """Supply so many pictures at once."""
        for _ in range(count):
            time_ms = self._began_ms + round(self._number * 1000 / 15)
            self._outlet.add(self._encoder.encode(picture(self._number), time_ms))
            self._number += 1


def snapshot(
    track: Track, step: int, *, episode: int = 0, reverse: bool = False, **values
) -> Snapshot:
    """A car that has driven 0.1 m in each step."""
    road = track.reversed() if reverse else track
    x, y, yaw = road.pose_at(0.1 * step)
    judgement = Judgement(
        time_ns=frame_time_ns(1000 * episode + step),
        episode=episode,
        step=step,
        status=EpisodeStatus.IN_PROGRESS,
        begins=step == 0,
        progress=10.0 * step / track.length,
        total_reward=0.5 * step,
        time_s=step / 15,
    )
    given = {
        "images": {
            "chase": np.full((360, 640, 3), (40, 120, 60), np.uint8),
            "front": np.full((120, 160, 3), (10, 20, 200), np.uint8),
        },
        "speed": 1.5,
        "steering": 0.1,
        "version": 3,
        "passed": (),
    }
    return Snapshot(x=x, y=y, yaw=yaw, judgement=judgement, **{**given, **values})
