"""Every topic of the graph in one table: who says what to whom, in which type and with what care.

Names are relative, so that a launch file can put each worker into a namespace of its own. Only
standard message types are used: a recorded bag replays anywhere.
"""

from dataclasses import dataclass

from deepracer_core.sensors import (
    DISCRETIZED_SECTOR_LIDAR,
    FRONT_FACING_CAMERA,
    LIDAR,
    SECTOR_LIDAR,
    STEREO_CAMERAS,
)
from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import PoseArray, PoseStamped, TransformStamped, TwistStamped
from nav_msgs.msg import Odometry
from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CompressedImage, Image, JointState, LaserScan
from std_msgs.msg import Header

try:
    from rclpy.event_handler import PublisherEventCallbacks, SubscriptionEventCallbacks
except ModuleNotFoundError:  # in Humble it has another name
    from rclpy.qos_event import PublisherEventCallbacks, SubscriptionEventCallbacks

# rclpy looks through all that a node waits for with every message, in Python. Its warnings of an
# unfit profile at the other end would be two more for each topic.
_NO_EVENTS = {"use_default_callbacks": False}

CAMERA_QOS = QoSProfile(
    history=HistoryPolicy.KEEP_LAST, depth=1, reliability=ReliabilityPolicy.BEST_EFFORT
)
"""Sensor data: the newest frame or none; the bridge repeats a frame that nobody answered."""

COMMAND_QOS = QoSProfile(
    history=HistoryPolicy.KEEP_LAST, depth=1, reliability=ReliabilityPolicy.RELIABLE
)
"""One answer to one frame: only the last one counts, and it must arrive."""

RECORD_QOS = QoSProfile(
    history=HistoryPolicy.KEEP_LAST, depth=10, reliability=ReliabilityPolicy.RELIABLE
)
"""What becomes experience: every message counts, also one that the next follows at once."""

STATUS_QOS = QoSProfile(
    history=HistoryPolicy.KEEP_LAST,
    depth=10,
    reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.TRANSIENT_LOCAL,
)
"""What holds until it is said anew: a listener that joins late hears it too."""


@dataclass(frozen=True)
class Topic:
    """One row of the table.

    Attributes:
        name: relative topic name (`/clock` alone is absolute, as use_sim_time demands).
        message: the message type.
        qos: the profile of both ends.
        rate: how often it is sent.
        publisher: the node that says it.
        subscribers: the nodes of this project that listen.
        content: what it says, in a few words.
    """

    name: str
    message: type
    qos: QoSProfile
    rate: str
    publisher: str
    subscribers: tuple[str, ...]
    content: str

    def publish_from(self, node: Node) -> Publisher:
        """Create the publisher of this topic on a node."""
        return node.create_publisher(
            self.message,
            self.name,
            self.qos,
            event_callbacks=PublisherEventCallbacks(**_NO_EVENTS),
        )

    def subscribe_on(self, node: Node, callback) -> None:
        """Subscribe a node to this topic; `callback` takes the message."""
        node.create_subscription(
            self.message,
            self.name,
            callback,
            self.qos,
            event_callbacks=SubscriptionEventCallbacks(**_NO_EVENTS),
        )


CLOCK = Topic(
    "/clock",
    Clock,
    RECORD_QOS,
    "each frame",
    "simulator_bridge",
    (),
    "simulated time, of the next frame when its step begins",
)
CAMERA = Topic(
    "camera/image_raw",
    Image,
    CAMERA_QOS,
    "each frame",
    "simulator_bridge",
    ("observation", "live_video"),
    "what the car's camera sees, rgb8",
)
CAMERA_LEFT = Topic(
    "camera/left/image_raw",
    Image,
    CAMERA_QOS,
    "each frame, with STEREO_CAMERAS",
    "simulator_bridge",
    ("observation", "live_video"),
    "what the left one of two cameras sees, rgb8",
)
CAMERA_RIGHT = Topic(
    "camera/right/image_raw",
    Image,
    CAMERA_QOS,
    "each frame, with STEREO_CAMERAS",
    "simulator_bridge",
    ("observation",),
    "what the right one sees, rgb8",
)
CAMERA_CHASE = Topic(
    "camera/chase/compressed",
    CompressedImage,
    CAMERA_QOS,
    "each answer to camera/chase/request",
    "simulator_bridge",
    ("live_video",),
    "what a camera behind the car sees, JPEG; with live_video",
)
CHASE_REQUEST = Topic(
    "camera/chase/request",
    Header,
    CAMERA_QOS,
    "12 in a second of wall clock, if watched",
    "live_video",
    ("simulator_bridge",),
    "have the camera behind the car take one picture",
)
SCAN = Topic(
    "scan",
    LaserScan,
    CAMERA_QOS,
    "each frame, if heard",
    "simulator_bridge",
    ("observation",),
    "what the lidar measures, from the right to the left; inf where nothing is",
)
ODOMETRY = Topic(
    "odom",
    Odometry,
    RECORD_QOS,
    "each frame",
    "simulator_bridge",
    ("rollout", "live_video"),
    "true pose in the world, velocity in the car's own axes",
)
JOINT_STATES = Topic(
    "joint_states",
    JointState,
    RECORD_QOS,
    "each frame",
    "simulator_bridge",
    ("rollout", "live_video"),
    "angles of the front wheels, speeds of all four",
)
TRANSFORM = Topic(
    "transform",
    TransformStamped,
    RECORD_QOS,
    "each frame, if heard",
    "simulator_bridge",
    (),
    "odom to base_link; also on /tf where tf2_msgs is installed",
)
OBSERVATION = Topic(
    "observation",
    Image,
    RECORD_QOS,
    "each frame",
    "observation",
    ("agent", "rollout"),
    "the network's input, mono8 160x120",
)
OBSERVATION_STEREO = Topic(
    "observation/stereo",
    Image,
    RECORD_QOS,
    "each frame, with STEREO_CAMERAS",
    "observation",
    ("agent", "rollout"),
    "the network's input, 8UC2 160x120: left, right",
)
OBSERVATION_LIDAR = Topic(
    "observation/lidar",
    LaserScan,
    RECORD_QOS,
    "each frame, with a lidar",
    "observation",
    ("agent", "rollout"),
    "the network's input: distances, or values of sectors",
)
DRIVE = Topic(
    "drive",
    TwistStamped,
    RECORD_QOS,
    "each frame",
    "agent",
    ("simulator_bridge", "rollout"),
    "speed and yaw rate, stamped with the frame that it answers",
)
RESET = Topic(
    "reset",
    PoseStamped,
    COMMAND_QOS,
    "each episode",
    "rollout",
    ("simulator_bridge",),
    "put the car at this pose instead of driving on from the stamped frame",
)
OBJECTS = Topic(
    "objects",
    PoseArray,
    COMMAND_QOS,
    "each frame of a race with objects",
    "rollout",
    ("simulator_bridge",),
    "where boxes or bot cars are in the frame after the stamped one",
)
CONDITIONS = Topic(
    "conditions",
    DiagnosticArray,
    COMMAND_QOS,
    "each reset, if randomised",
    "rollout",
    ("simulator_bridge",),
    "light, colours, camera, friction and delay from the reset of the stamped frame on",
)
EPISODE = Topic(
    "episode",
    DiagnosticArray,
    RECORD_QOS,
    "each frame",
    "rollout",
    ("agent", "live_video"),
    "the judgement of the stamped frame: episode, step, status, lap time, reward",
)
POLICY = Topic(
    "policy",
    DiagnosticArray,
    STATUS_QOS,
    "each episode",
    "agent",
    ("rollout", "live_video"),
    "the model version that acts in this episode",
)

CAMERAS = {"front": CAMERA, "left": CAMERA_LEFT, "right": CAMERA_RIGHT}
"""Topics of what each camera of the car sees, by its name in the simulator."""

OBSERVATIONS = {
    FRONT_FACING_CAMERA: OBSERVATION,
    STEREO_CAMERAS: OBSERVATION_STEREO,
    LIDAR: OBSERVATION_LIDAR,
    SECTOR_LIDAR: OBSERVATION_LIDAR,
    DISCRETIZED_SECTOR_LIDAR: OBSERVATION_LIDAR,
}
"""Topics of what each sensor puts into the observation; a model has one of the lidars at most."""

TOPICS = (
    CLOCK,
    CAMERA,
    CAMERA_LEFT,
    CAMERA_RIGHT,
    CAMERA_CHASE,
    CHASE_REQUEST,
    SCAN,
    ODOMETRY,
    JOINT_STATES,
    TRANSFORM,
    OBSERVATION,
    OBSERVATION_STEREO,
    OBSERVATION_LIDAR,
    DRIVE,
    RESET,
    OBJECTS,
    CONDITIONS,
    EPISODE,
    POLICY,
)
