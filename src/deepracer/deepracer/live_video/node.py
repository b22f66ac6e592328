"""The live video node: shows the simulation of its graph, on a page or in a Kinesis video stream.

It listens, and has the simulator render for it, only while somebody watches; it works at the lowest
priority; nothing in the graph waits for it.
"""

import sys
from dataclasses import dataclass

from deepracer_core.model_metadata import load_model_metadata
from deepracer_core.parameters import parameter
from deepracer_core.telemetry.identity import WorkerIdentity
from deepracer_core.track_library import load_track
from deepracer_gazebo.car_model import cameras_of
from deepracer_nodes.parameters import declare
from deepracer_nodes.process import run
from rclpy.clock import Clock, ClockType
from rclpy.node import Node

from deepracer.live_video.encoder import RATE
from deepracer.live_video.graph_source import GraphSource
from deepracer.live_video.live_pictures import LivePictures, speeds_of, subtitles
from deepracer.live_video.live_video import LiveVideo, create_outlet
from deepracer.live_video.target import parse_target
from deepracer.video.priority import yield_to_all_others


@dataclass(frozen=True)
class LiveVideoParameters(WorkerIdentity):
    """What the launch file tells the live video node."""

    live_video: str = parameter("", "where it goes: [HOST:]PORT of a page, or kinesis:STREAM")
    track: str = parameter("", "name of a track of the library")
    model_metadata: str = parameter("", "path of model_metadata.json")
    workers: int = parameter(1, "simulations of the run", lowest=1, highest=10_000)


class LiveVideoNode(Node):
    """Looks at the graph twelve times a second, less often where others need the processor."""

    def __init__(self, **options) -> None:
        super().__init__("live_video", **options)
        self.parameters = declare(self, LiveVideoParameters)
        self._video: LiveVideo | None = None
        self._source: GraphSource | None = None
        # The simulated clock says nothing about when a picture is due.
        self._timer = self.create_timer(
            1.0 / RATE, self._look, clock=Clock(clock_type=ClockType.STEADY_TIME)
        )

    def start(self, video: LiveVideo, source: GraphSource) -> None:
        """Show frames from now on, when somebody watches."""
        self._video, self._source = video, source

    def destroy_node(self) -> None:
        """Let go of the viewers with the node."""
        if self._source is not None:
            self._source.close()
        if self._video is not None:
            self._video.close()
        super().destroy_node()

    def _look(self) -> None:
        if self._video is None:
            return
        if not self._video.is_watched():
            self._source.close()
            return
        self._source.listen()
        self._video.show(self._source.newest())


def start(node: LiveVideoNode) -> None:
    """Give the node what it shows, and where; from here on this thread is at the lowest priority.

    Those that are there already take the messages from the graph. They are as quick as those of
    other nodes: messages that nobody takes are in the way of those that follow.

    Raises:
        ConfigurationError: a file or a name in its parameters cannot be used.
    """
    yield_to_all_others()
    given = node.parameters
    target = parse_target(given.live_video)
    metadata = load_model_metadata(given.model_metadata)
    worker = given.worker if given.workers > 1 else None
    pictures = LivePictures(
        load_track(given.track),
        speeds_of(metadata.action_space),
        subtitles(given.mode, worker),
    )

    def listener() -> Node:
        return Node(
            "live_video_listener",
            context=node.context,
            namespace=node.get_namespace(),
            use_global_arguments=False,
            start_parameter_services=False,
            enable_rosout=False,
        )

    source = GraphSource(listener, cameras_of(metadata.sensors)[0])
    node.start(LiveVideo(create_outlet(target), pictures), source)


def main() -> None:
    """Run the live video node until it is told to stop."""
    sys.exit(run("live_video", LiveVideoNode, start))


if __name__ == "__main__":
    main()
