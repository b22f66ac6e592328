"""A Gazebo of the film's own, in which recorded episodes are driven once more."""

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from deepracer_core.race_objects import RaceType, object_name
from deepracer_core.recorded_trace import RecordedEpisode
from deepracer_gazebo.client import GazeboSimulator, SimulatorError
from numpy.typing import NDArray

from deepracer.failure import JobFailed
from deepracer.interruption import Interruption
from deepracer.launch_log import last_lines
from deepracer.launched import LaunchedProcess
from deepracer.video.picture import CAR_CAMERA, CHASE_CAMERA
from deepracer.video.priority import Pace, lower_sessions
from deepracer.video.scenes import objects_of

PATIENCE_S = 900.0
"""Seconds for Gazebo to start, and for a picture: a training beside it may leave it little."""

CAMERA_SIZE = "320x240"
"""Of the car's own camera; four times the pixels that its network sees."""

_LOOK_S = 0.05


class Stopped(Exception):
    """The person wants no film any more."""


@contextlib.contextmanager
def open_studio(
    track: str, race_type: RaceType, objects: int, interruption: Interruption
) -> Iterator["Studio"]:
    """Start Gazebo with a track; it is ended with this context.

    Args:
        track: name of the track.
        race_type: what else is on the road.
        objects: how many of it.
        interruption: ends the start early.

    Raises:
        Stopped: it did.
        JobFailed: Gazebo did not start.
    """
    with tempfile.TemporaryDirectory(prefix="deepracer-video-", dir="/tmp") as name:
        folder = Path(name)
        socket = folder / "simulator.socket"
        arguments = {
            "--track": track,
            "--socket": socket,
            "--race-type": race_type.value,
            "--objects": objects,
            "--cameras": f"{CAR_CAMERA},{CHASE_CAMERA}",
            "--camera-size": CAMERA_SIZE,
            "--deadline": PATIENCE_S,
        }
        words = [str(word) for pair in arguments.items() for word in pair]
        launched = LaunchedProcess(
            [sys.executable, "-m", "deepracer_gazebo.server", *words],
            os.environ,
            folder / "gazebo.log",
        )
        try:
            while not socket.exists():
                lower_sessions(launched.processes())
                if launched.exit_code is not None:
                    raise _failure(launched)
                if interruption.wait(_LOOK_S):
                    raise Stopped
            lower_sessions(launched.processes())
            with GazeboSimulator(socket, deadline=PATIENCE_S) as simulator:
                names = [object_name(race_type, index) for index in range(objects)]
                yield Studio(simulator, names, interruption)
        except SimulatorError as error:
            raise JobFailed(str(error)) from error
        finally:
            launched.stop()


def _failure(launched: LaunchedProcess) -> JobFailed:
    quoted = "\n".join(f"  | {line}" for line in last_lines(launched.log_path))
    return JobFailed(
        f"the video's Gazebo ended with exit code {launched.exit_code}; its last lines:\n{quoted}"
    )


class Studio:
    """Photographs a car where it was in an episode.

    Args:
        simulator: with the cameras.
        objects: names of the boxes or cars that it has.
        interruption: ends the work early.
    """

    def __init__(
        self, simulator: GazeboSimulator, objects: Sequence[str], interruption: Interruption
    ) -> None:
        self._simulator = simulator
        self._objects = objects
        self._interruption = interruption

    def photographs(self, episode: RecordedEpisode) -> Iterator[Mapping[str, NDArray[np.uint8]]]:
        """What the cameras see in each frame of an episode, uint8[height, width, 3] each, RGB.

        Args:
            episode: where the car was, and what else was on the road.

        Raises:
            Stopped: the work was ended early.
            SimulatorError: Gazebo is gone.
        """
        objects = objects_of(episode, self._objects)
        pace = Pace()
        for x, y, yaw, placed in zip(episode.x, episode.y, episode.yaw, objects, strict=True):
            # What is made of a picture is a part of the work, too.
            if self._interruption.wait(pace.rest_s()):
                raise Stopped
            pace.begin()
            if self._objects:
                self._simulator.place(placed)
            yield self._simulator.reset(x, y, yaw).images
