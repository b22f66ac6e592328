"""Live video of a flat worker: `flat_live_video`, a process beside it, without ROS.

The worker drives in gray, thousands of frames a second. It tells of some of them in a second
where the car is, and the pictures are taken here, in colours and from behind, too.
"""

import argparse
import logging
import signal
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, fields

import cv2
from deepracer_core.die_with_parent import die_with_parent
from deepracer_core.errors import ConfigurationError
from deepracer_core.model_metadata import load_model_metadata
from deepracer_core.parameters import load_parameters, parameter
from deepracer_core.telemetry.identity import WorkerIdentity, identify_worker
from deepracer_core.telemetry.log import start_log
from deepracer_core.track import Track
from deepracer_core.track_library import load_track
from deepracer_flat.chase_camera import ChaseCamera
from deepracer_flat.flat_simulator import FRONT
from deepracer_flat.frame_feed import FedFrame, FrameReceiver
from deepracer_flat.ground_camera import GroundCamera
from deepracer_flat.ground_picture import draw_ground

from deepracer.live_video.encoder import RATE
from deepracer.live_video.live_pictures import LivePictures, speeds_of, subtitles
from deepracer.live_video.live_video import LiveVideo, create_outlet
from deepracer.live_video.snapshot import Snapshot
from deepracer.live_video.target import parse_target
from deepracer.video.priority import yield_to_all_others

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class FlatLiveVideoParameters(WorkerIdentity):
    """What the process is told."""

    live_video: str = parameter("", "where it goes: [HOST:]PORT of a page, or kinesis:STREAM")
    frame_feed: str = parameter("", "Unix socket on which the worker tells of frames")
    track: str = parameter("", "name of a track of the library")
    model_metadata: str = parameter("", "path of model_metadata.json")
    workers: int = parameter(1, "workers of the run", lowest=1, highest=10_000)


class FlatStudio:
    """Takes pictures of frames that a worker told of.

    Args:
        track: that is driven on.
    """

    def __init__(self, track: Track) -> None:
        ground = draw_ground(track)
        self._front = GroundCamera(ground, FRONT)
        self._chase = ChaseCamera(ground)

    def snapshot(self, frame: FedFrame) -> Snapshot:
        """A frame with its pictures."""
        state, objects = frame.state, frame.objects
        pose = state.x, state.y, state.yaw
        return Snapshot(
            images={
                "chase": self._chase.shoot(*pose, objects),
                "front": self._front.shoot(*pose, objects),
            },
            x=state.x,
            y=state.y,
            yaw=state.yaw,
            speed=state.speed,
            steering=state.steering_angle,
            judgement=frame.judgement,
            version=frame.version,
            passed=(),
        )


def show(
    video: LiveVideo, receiver: FrameReceiver, studio: FlatStudio, stop: threading.Event
) -> None:
    """Show frames until told to stop."""
    pause_s = 1.0 / RATE
    while not stop.wait(pause_s):
        began = time.monotonic()
        if video.is_watched():
            frame = receiver.newest()
            video.show(None if frame is None else studio.snapshot(frame))
        pause_s = max(1.0 / RATE - (time.monotonic() - began), 0.0)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the process from the command line.

    Returns:
        The exit code: 0 after a requested stop, 2 when the configuration is unusable.
    """
    parser = argparse.ArgumentParser(prog="flat_live_video", description=__doc__)
    names = ", ".join(entry.name for entry in fields(FlatLiveVideoParameters))
    parser.add_argument("parameters", help=f"JSON file with any of {names}")
    options = parser.parse_args(arguments)
    die_with_parent()
    yield_to_all_others()
    cv2.setNumThreads(1)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        start_log("flat_live_video")
        given = load_parameters(options.parameters, FlatLiveVideoParameters)
        identify_worker(given)
        target = parse_target(given.live_video)
        track = load_track(given.track)
        metadata = load_model_metadata(given.model_metadata)
    except ConfigurationError as error:
        _LOG.error("%s", error)
        return 2
    worker = given.worker if given.workers > 1 else None
    speeds, subtitle = speeds_of(metadata.action_space), subtitles(given.mode, worker)
    receiver = FrameReceiver(given.frame_feed)
    video = LiveVideo(create_outlet(target), LivePictures(track, speeds, subtitle))
    try:
        show(video, receiver, FlatStudio(track), stop)
    finally:
        video.close()
        receiver.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
