"""Reads the trace of a run in its public form back: where the car was in each frame of an episode.

The columns are those of `deepracer_core.trace`; a trace that another tool wrote can be read, too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from deepracer_core.episode import EpisodeStatus
from deepracer_core.errors import ConfigurationError
from deepracer_core.simulation import ObjectPose
from deepracer_core.trace import TRACE_HEADER

LONGEST_STEP = 0.6
"""Metres: a car that is further on in the next frame was put there."""

_COLUMNS = {name: index for index, name in enumerate(TRACE_HEADER.split(","))}
_NUMBERS = tuple(
    _COLUMNS[name]
    for name in ("tstamp", "X", "Y", "yaw", "steer", "reward", "progress", "pause_duration")
)


@dataclass(frozen=True, slots=True)
class RecordedEpisode:
    """An episode as the trace has it, a row for each of its N frames; the first is its beginning.

    Attributes:
        number: under which the trace has it.
        times: float64[N], simulated time, seconds.
        x: float64[N], metres.
        y: float64[N], metres.
        yaw: float64[N], radians.
        steering: float64[N], steering angle that was asked for, radians, left positive.
        rewards: float64[N].
        progress: float64[N], percent of the lap.
        penalties: float64[N], seconds that mistakes have cost up to each frame.
        statuses: of each frame, N.
        track_length: metres.
        wall_clock: when it began, unix time in seconds.
        objects: what else was on the road, by its name in the simulator (`recorded_objects`): x, y
            and yaw in each frame, float64[N, 3], metres and radians; [1, 3] of what stood.
    """

    number: int
    times: NDArray[np.float64]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    yaw: NDArray[np.float64]
    steering: NDArray[np.float64]
    rewards: NDArray[np.float64]
    progress: NDArray[np.float64]
    penalties: NDArray[np.float64]
    statuses: tuple[EpisodeStatus, ...]
    track_length: float
    wall_clock: float
    objects: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)

    def objects_at(self, frame: int) -> list[ObjectPose]:
        """Where the objects were in a frame, counted from 0."""
        return [
            ObjectPose(name, *poses[frame if len(poses) > 1 else 0].tolist())
            for name, poses in self.objects.items()
        ]

    @property
    def speeds(self) -> NDArray[np.float64]:
        """Speed over ground in each frame, m/s, float64[N]; 0 where the car was put somewhere."""
        steps = np.hypot(np.diff(self.x), np.diff(self.y))
        driven = np.where(steps > LONGEST_STEP, 0.0, steps)
        periods = np.diff(self.times)
        speeds = np.divide(driven, periods, out=np.zeros_like(driven), where=periods > 0.0)
        return np.concatenate(([0.0], speeds))

    @property
    def clock(self) -> NDArray[np.float64]:
        """Lap time so far in each frame, penalties in it, seconds, float64[N]."""
        return np.asarray(self.times - self.times[0] + self.penalties, np.float64)

    @property
    def duration_s(self) -> float:
        """Simulated seconds and penalties; of a complete lap the lap time."""
        return float(self.clock[-1])

    @property
    def status(self) -> EpisodeStatus:
        """How it ended."""
        return self.statuses[-1]

    @property
    def is_lap(self) -> bool:
        """Whether the lap was completed."""
        return self.status is EpisodeStatus.LAP_COMPLETE


def read_trace(data: bytes, source: str) -> list[RecordedEpisode]:
    """Read a trace file.

    Args:
        data: the file's bytes.
        source: what it is called in messages.

    Returns:
        Its episodes, in the order in which they begin in the file.

    Raises:
        ConfigurationError: it is no trace.
    """
    header, *lines = data.decode(errors="replace").splitlines() or [""]
    if header != TRACE_HEADER:
        raise ConfigurationError(
            f"{source}: expected a trace that begins with {TRACE_HEADER[:40]}..., got"
            f" {header[:40]!r}"
        )
    rows: dict[int, list[list[str]]] = {}
    for count, line in enumerate(lines, start=2):
        row = line.split(",")
        if len(row) != len(_COLUMNS) or not row[0].isdecimal():
            raise ConfigurationError(
                f"{source}, line {count}: expected {len(_COLUMNS)} values, the first of them the"
                f" number of an episode, got {line[:60]!r}"
            )
        rows.setdefault(int(row[0]), []).append(row)
    return [_episode(number, of_one, source) for number, of_one in rows.items()]


def _episode(number: int, rows: Sequence[list[str]], source: str) -> RecordedEpisode:
    try:
        table = np.array([[float(row[column]) for column in _NUMBERS] for row in rows], np.float64)
        statuses = tuple(EpisodeStatus(row[_COLUMNS["episode_status"]]) for row in rows)
        track_length = float(rows[0][_COLUMNS["track_len"]])
        wall_clock = float(rows[0][_COLUMNS["wall_clock"]])
    except ValueError as error:
        raise ConfigurationError(f"{source}, episode {number}: no trace: {error}") from error
    times, x, y, yaw_deg, steering_deg, rewards, progress, pauses = table.T
    return RecordedEpisode(
        number=number,
        times=times,
        x=x,
        y=y,
        yaw=np.radians(yaw_deg),
        steering=np.radians(steering_deg),
        rewards=rewards,
        progress=progress,
        penalties=np.cumsum(pauses),
        statuses=statuses,
        track_length=track_length,
        wall_clock=wall_clock,
    )
