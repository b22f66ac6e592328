"""The simulator on the graph: publishes a frame, and takes one step for the drive that answers it.

Lockstep: the world stands still between a frame and its answer, so a step lasts exactly one
control period of simulated time however long the answer took.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from deepracer_core.action_delay import ActionDelay
from deepracer_core.action_space import Command
from deepracer_core.conditions import Conditions
from deepracer_core.errors import ConfigurationError
from deepracer_core.judgement import Reset
from deepracer_core.lidar import Lidar, outlines
from deepracer_core.model_metadata import load_model_metadata
from deepracer_core.parameters import parameter
from deepracer_core.race_objects import RaceType
from deepracer_core.race_scenes import parse_race_type
from deepracer_core.simulation import (
    CONTROL_RATE,
    Frame,
    ObjectPose,
    Simulator,
    next_frame_time_ns,
)
from deepracer_core.telemetry.identity import WorkerIdentity
from deepracer_core.track_library import load_track
from deepracer_gazebo.client import GazeboSimulator
from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import PoseArray, PoseStamped, TwistStamped
from numpy.typing import NDArray
from rclpy.clock import Clock, ClockType
from rclpy.node import Node
from rosgraph_msgs.msg import Clock as ClockMessage
from std_msgs.msg import Header

from deepracer_nodes import messages, topics
from deepracer_nodes.parameters import NODE_OPTIONS, declare
from deepracer_nodes.process import run

try:
    from tf2_msgs.msg import TFMessage
except ModuleNotFoundError:  # tf2_msgs is not among the wheels; the transform has its own topic
    TFMessage = None

CHASE = "chase"
"""What Gazebo calls the camera behind the car, which takes pictures on request."""

CHASE_SHARE = 0.05
"""Of the time at most is spent on these pictures, however slow the renderer is."""

REPEAT_PERIOD = 1.0
_WARNING_PERIOD_S = 10.0
"""Seconds of wall clock without an answer after which a frame is published again."""


@dataclass(frozen=True)
class BridgeParameters(WorkerIdentity):
    """What the launch file tells the simulator bridge."""

    simulator: str = parameter("gazebo", "gazebo, or flat: the flat world, in this process")
    socket: str = parameter("", "path of Gazebo's Unix socket")
    track: str = parameter("", "of the flat world, name of a track of the library")
    model_metadata: str = parameter("", "of the flat world's cameras, path of model_metadata.json")
    camera_width: int = parameter(160, "of the flat world's pictures", lowest=16, highest=4096)
    camera_height: int = parameter(120, "of the flat world's pictures", lowest=16, highest=4096)
    deadline: float = parameter(
        60.0, "seconds to wait for the simulator to be there", lowest=1.0, highest=600.0
    )
    race_type: str = parameter(
        "time_trial",
        "time_trial, object_avoidance or head_to_bot: with objects, each frame waits for theirs",
    )
    randomised: bool = parameter(False, "each reset waits for the conditions that it brings")
    camera_rate: int = parameter(
        CONTROL_RATE,
        "pictures in a second of simulated time, a divisor of 15",
        lowest=1,
        highest=CONTROL_RATE,
    )
    seed: int = parameter(0, "seed of the lidar's noise", lowest=0, highest=2**31 - 1)


class SimulatorBridge(Node):
    """Publishes frames; steps on `drive`, teleports on `reset`, and drops answers to old frames."""

    def __init__(self, **options) -> None:
        super().__init__("simulator_bridge", **NODE_OPTIONS, **options)
        self.parameters = declare(self, BridgeParameters)
        self._simulator: Simulator | None = None
        self._frame: Frame | None = None
        self._lidar = Lidar(seed=self.parameters.seed, worker=self.parameters.worker)
        self._stale = 0
        # What is to be done about the current frame, and where the objects are after it.
        self._answer: Callable[[], Frame] | None = None
        self._objects: tuple[ObjectPose, ...] | None = None
        self._conditions: Conditions | None = None
        self._awaits_conditions = False
        self._delay = ActionDelay()
        self._race = RaceType.TIME_TRIAL
        # What stands on the road in the current frame.
        self._placed: tuple[ObjectPose, ...] = ()

        self._clock = topics.CLOCK.publish_from(self)
        self._told_ns: int | None = None
        self._cameras = {name: topic.publish_from(self) for name, topic in topics.CAMERAS.items()}
        self._chase = topics.CAMERA_CHASE.publish_from(self)
        self._chase_is_wanted = False
        # Seconds of the steady clock: when one was asked for last, and how long that is to rest.
        self._chase_asked_s, self._chase_rest_s = 0.0, 0.0
        self._scan = topics.SCAN.publish_from(self)
        self._odometry = topics.ODOMETRY.publish_from(self)
        self._joints = topics.JOINT_STATES.publish_from(self)
        self._transform = topics.TRANSFORM.publish_from(self)
        self._tf = self.create_publisher(TFMessage, "/tf", 10) if TFMessage else None

        topics.DRIVE.subscribe_on(self, self._on_drive)
        topics.RESET.subscribe_on(self, self._on_reset)
        topics.OBJECTS.subscribe_on(self, self._on_objects)
        topics.CONDITIONS.subscribe_on(self, self._on_conditions)
        topics.CHASE_REQUEST.subscribe_on(self, self._on_chase_request)
        # The simulated clock stands still while nobody answers, so this one is the wall's.
        self._repeat = self.create_timer(
            REPEAT_PERIOD, self._publish_again, clock=Clock(clock_type=ClockType.STEADY_TIME)
        )

    def start(self, simulator: Simulator) -> None:
        """Publish the first frame: the car at rest where the world has it.

        Raises:
            ConfigurationError: there is no such race.
        """
        self._race = parse_race_type(self.parameters.race_type)
        self._simulator = simulator
        self._advance(simulator.step(0.0, 0.0))

    def destroy_node(self) -> None:
        """Let go of the simulator with the node."""
        if self._simulator is not None:
            self._simulator.close()
        super().destroy_node()

    def _on_drive(self, message: TwistStamped) -> None:
        if self._answers_current_frame(message.header.stamp):
            command = messages.from_drive(message)
            if command is None:
                self._warn_of_no_number("drive")
                return
            self._awaits_conditions = False
            self._take(lambda: self._drive(command))

    def _on_reset(self, message: PoseStamped) -> None:
        if self._answers_current_frame(message.header.stamp):
            reset = messages.from_reset(message)
            if reset is None:
                self._warn_of_no_number("reset")
                return
            self._awaits_conditions = self.parameters.randomised
            self._take(lambda: self._put(reset))

    def _on_objects(self, message: PoseArray) -> None:
        if self._answers_current_frame(message.header.stamp):
            self._objects = messages.from_objects(message, self._race).objects
            self._advance_when_answered()

    def _on_conditions(self, message: DiagnosticArray) -> None:
        if self._answers_current_frame(message.header.stamp):
            _, self._conditions = messages.from_conditions(message)
            self._advance_when_answered()

    def _on_chase_request(self, _: Header) -> None:
        self._chase_is_wanted = True

    def _look_from_behind(self) -> None:
        """Have the camera behind the car photograph the next frame, if that is wanted."""
        if self._chase_is_wanted:
            now_s = time.monotonic()
            if now_s >= self._chase_asked_s + self._chase_rest_s:
                self._chase_is_wanted, self._chase_asked_s = False, now_s
                self._simulator.look()

    def _drive(self, command: Command) -> Frame:
        arriving = self._delay.arriving(command)
        return self._simulator.step(arriving.steering_angle, arriving.speed)

    def _put(self, reset: Reset) -> Frame:
        conditions = self._conditions
        if conditions is not None:
            self._simulator.apply(conditions)
            self._delay = ActionDelay(conditions.action_delay)
        return self._simulator.reset(reset.x, reset.y, reset.yaw)

    def _take(self, answer: Callable[[], Frame]) -> None:
        self._answer = answer
        self._advance_when_answered()

    def _advance_when_answered(self) -> None:
        """What comes first, an answer or what belongs to it, waits for the other.

        In a race with objects these come from another node than the drive, and in the frame both
        have happened. Where conditions are randomised, a reset brings some.
        """
        answer, objects = self._answer, self._objects
        if answer is None or (objects is None and self._race is not RaceType.TIME_TRIAL):
            return
        if self._awaits_conditions and self._conditions is None:
            return
        self._answer = self._objects = None
        if objects:
            self._simulator.place(objects)
            self._placed = objects
        self._look_from_behind()
        # As the step begins: all who hear the time do so while the simulator is at work.
        self._tell_time(next_frame_time_ns(self._frame.time_ns))
        self._advance(answer())

    def _answers_current_frame(self, stamp) -> bool:
        if messages.from_stamp(stamp) == self._frame.time_ns:
            return True
        self._stale += 1
        self.get_logger().debug(f"dropped an answer to an old frame ({self._stale} so far)")
        return False

    def _warn_of_no_number(self, topic: str) -> None:
        self.get_logger().warning(
            f"dropped a message on {topic} with NaN or infinity in it: the world stands still until"
            " one with numbers comes",
            throttle_duration_sec=_WARNING_PERIOD_S,
        )

    def _advance(self, frame: Frame) -> None:
        self._frame = frame
        self._conditions = None
        self._repeat.reset()
        self._publish(frame)

    def _publish_again(self) -> None:
        self.get_logger().debug("no answer to the current frame: publishing it again")
        self._publish(self._frame)

    def _tell_time(self, time_ns: int) -> None:
        self._told_ns = time_ns
        self._clock.publish(ClockMessage(clock=messages.to_stamp(time_ns)))

    def _publish(self, frame: Frame) -> None:
        if frame.time_ns != self._told_ns:
            self._tell_time(frame.time_ns)
        # The race is judged while the image is still on its way through the network.
        self._odometry.publish(messages.to_odometry(frame))
        self._joints.publish(messages.to_joint_state(frame))
        for name, publisher in self._cameras.items():
            if name in frame.images:
                publisher.publish(messages.to_image(frame.time_ns, name, frame.images[name]))
        if self._scan.get_subscription_count():
            self._scan.publish(messages.to_scan(frame.time_ns, self._measure(frame)))
        if self._transform.get_subscription_count():
            self._transform.publish(messages.to_transform(frame))
        if self._tf is not None:
            self._tf.publish(TFMessage(transforms=[messages.to_transform(frame)]))
        # Last: all others are at work by now.
        sight = self._simulator.seen()
        if sight is not None:
            self._chase_rest_s = sight.took_s / CHASE_SHARE
            self._chase.publish(messages.to_compressed_image(sight.time_ns, CHASE, sight.image))

    def _measure(self, frame: Frame) -> NDArray[np.float32]:
        x, y, _ = frame.position.tolist()
        on_road = outlines(self._race, self._placed)
        return self._lidar.scan(frame.time_ns, x, y, frame.yaw, on_road)


def create_simulator(given: BridgeParameters) -> Simulator:
    """The simulator that the parameters ask for.

    Raises:
        ConfigurationError: there is no such simulator or track, or a file cannot be used.
        SimulatorError: Gazebo does not answer.
    """
    if given.simulator == "gazebo":
        return GazeboSimulator(given.socket, given.deadline, given.camera_rate, observer=CHASE)
    if given.simulator != "flat":
        raise ConfigurationError(f"simulator: expected gazebo or flat, got {given.simulator!r}")
    # Its compiler takes a second to load, which is nothing to those who simulate with Gazebo.
    from deepracer_flat.flat_simulator import FlatSimulator
    from deepracer_flat.sensing import cameras_of

    return FlatSimulator(
        load_track(given.track),
        cameras_of(load_model_metadata(given.model_metadata).sensors),
        camera_size=(given.camera_width, given.camera_height),
        camera_rate=given.camera_rate,
    )


def _start(bridge: SimulatorBridge) -> None:
    bridge.start(create_simulator(bridge.parameters))


def main() -> None:
    """Run the simulator bridge until it is told to stop."""
    sys.exit(run("simulator_bridge", SimulatorBridge, _start))


if __name__ == "__main__":
    main()
