"""Messages to values and back: the only place that knows how the project uses each message type.

Nothing here decides anything; SI units and radians on both sides (REP-103), the world's frame is
`odom`, the car's is `base_link` (REP-105).
"""

import math
from array import array
from dataclasses import asdict, fields
from typing import Any

import cv2
import numpy as np
from builtin_interfaces.msg import Time
from cv_bridge import CvBridge
from deepracer_core.action_space import Command
from deepracer_core.car_geometry import steering_angle
from deepracer_core.conditions import Conditions
from deepracer_core.episode import CarState, EpisodeStatus
from deepracer_core.race_objects import RaceType, object_name
from deepracer_core.rollout import Judgement, Placement, Reset
from deepracer_core.sensors import (
    CAMERA_SENSORS,
    FRONT_FACING_CAMERA,
    LIDAR_ANGLE,
    LIDAR_RANGE,
    LIDAR_RAYS,
    STEREO_CAMERAS,
)
from deepracer_core.simulation import CONTROL_RATE, WHEELBASE, Frame, ObjectPose
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from geometry_msgs.msg import Pose, PoseArray, PoseStamped, TransformStamped, TwistStamped
from nav_msgs.msg import Odometry
from numpy.typing import NDArray
from sensor_msgs.msg import CompressedImage, Image, JointState, LaserScan

WORLD_FRAME = "odom"
CAR_FRAME = "base_link"
CAMERA_FRAMES = {
    "front": "camera_link",
    "left": "left_camera_link",
    "right": "right_camera_link",
    "chase": "chase_camera_link",
}
LIDAR_FRAME = "lidar_link"

STEERING_JOINTS = ["left_steering_hinge_joint", "right_steering_hinge_joint"]
WHEEL_JOINTS = [
    "left_front_wheel_joint",
    "right_front_wheel_joint",
    "left_rear_wheel_joint",
    "right_rear_wheel_joint",
]

_ENCODINGS = {FRONT_FACING_CAMERA: "mono8", STEREO_CAMERAS: "8UC2"}
_JPEG_QUALITY = 90
_NANOSECONDS = 1_000_000_000
_pixels = CvBridge()


def to_stamp(time_ns: int) -> Time:
    """Nanoseconds of simulated time as a message stamp."""
    return Time(sec=time_ns // _NANOSECONDS, nanosec=time_ns % _NANOSECONDS)


def from_stamp(stamp: Time) -> int:
    """A message stamp as nanoseconds of simulated time."""
    return stamp.sec * _NANOSECONDS + stamp.nanosec


def to_odometry(frame: Frame) -> Odometry:
    """True pose in the world; the twist is in the car's own axes, as nav_msgs/Odometry demands."""
    message = Odometry()
    message.header.stamp = to_stamp(frame.time_ns)
    message.header.frame_id = WORLD_FRAME
    message.child_frame_id = CAR_FRAME
    pose = message.pose.pose
    pose.position.x, pose.position.y, pose.position.z = frame.position.tolist()
    q = pose.orientation
    q.x, q.y, q.z, q.w = frame.orientation.tolist()
    cosine, sine = math.cos(frame.yaw), math.sin(frame.yaw)
    vx, vy, vz = frame.linear_velocity.tolist()
    linear, angular = message.twist.twist.linear, message.twist.twist.angular
    linear.x, linear.y, linear.z = cosine * vx + sine * vy, cosine * vy - sine * vx, vz
    angular.x, angular.y, angular.z = frame.angular_velocity.tolist()
    return message


def to_joint_state(frame: Frame) -> JointState:
    """Angles of the front wheels (rad), then speeds of all four (rad/s)."""
    message = JointState()
    message.header.stamp = to_stamp(frame.time_ns)
    message.name = STEERING_JOINTS + WHEEL_JOINTS
    message.position = frame.steering_angles.tolist() + [0.0] * 4
    message.velocity = [0.0] * 2 + frame.wheel_speeds.tolist()
    return message


def to_transform(frame: Frame) -> TransformStamped:
    """Where the car is, as a transform from the world to the car."""
    message = TransformStamped()
    message.header.stamp = to_stamp(frame.time_ns)
    message.header.frame_id = WORLD_FRAME
    message.child_frame_id = CAR_FRAME
    translation, q = message.transform.translation, message.transform.rotation
    translation.x, translation.y, translation.z = frame.position.tolist()
    q.x, q.y, q.z, q.w = frame.orientation.tolist()
    return message


def to_image(time_ns: int, camera: str, image: NDArray[np.uint8]) -> Image:
    """What a camera sees, uint8[H, W, 3]."""
    message = _pixels.cv2_to_imgmsg(image, encoding="rgb8")
    message.header.stamp = to_stamp(time_ns)
    message.header.frame_id = CAMERA_FRAMES[camera]
    return message


def from_image(message: Image) -> NDArray[np.uint8]:
    """The picture of an image message, uint8[H, W, 3], red first."""
    return _pixels.imgmsg_to_cv2(message, desired_encoding="rgb8")


def to_compressed_image(time_ns: int, camera: str, image: NDArray[np.uint8]) -> CompressedImage:
    """What a camera sees for people, uint8[H, W, 3], as JPEG.

    A large picture as it is would take up the memory that the graph's other messages travel in.
    """
    quality = (cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY)
    _, data = cv2.imencode(".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), quality)
    message = CompressedImage(format="jpeg")
    message.header.stamp = to_stamp(time_ns)
    message.header.frame_id = CAMERA_FRAMES[camera]
    message.data = array("B", data.tobytes())
    return message


def from_compressed_image(message: CompressedImage) -> NDArray[np.uint8]:
    """The picture of a compressed image message, uint8[H, W, 3], red first."""
    picture = cv2.imdecode(np.frombuffer(message.data, np.uint8), cv2.IMREAD_COLOR)
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), np.uint8)


def to_scan(time_ns: int, ranges: NDArray[np.float32]) -> LaserScan:
    """What the lidar measures, float32[64], from the right to the left."""
    message = LaserScan()
    message.header.stamp = to_stamp(time_ns)
    message.header.frame_id = LIDAR_FRAME
    message.angle_min, message.angle_max = -LIDAR_ANGLE, LIDAR_ANGLE
    message.angle_increment = 2.0 * LIDAR_ANGLE / (LIDAR_RAYS - 1)
    message.scan_time = 1.0 / CONTROL_RATE
    message.range_min, message.range_max = LIDAR_RANGE
    # One by one the numbers of another sequence would be checked.
    message.ranges = array("f", ranges.tobytes())
    return message


def from_scan(message: LaserScan) -> NDArray[np.float32]:
    """The distances of a scan message, float32[64]."""
    return np.asarray(message.ranges, np.float32)


def to_observation(sensor: str, part: NDArray[Any], time_ns: int) -> Image | LaserScan:
    """What a sensor puts into the observation of a frame; see `observation.observation_shapes`."""
    if sensor not in CAMERA_SENSORS:
        return to_scan(time_ns, part)
    message = _pixels.cv2_to_imgmsg(part, encoding=_ENCODINGS[sensor])
    message.header.stamp = to_stamp(time_ns)
    message.header.frame_id = CAR_FRAME
    return message


def from_observation(sensor: str, message: Image | LaserScan) -> tuple[int, NDArray[Any]]:
    """Frame and content of what a sensor puts into an observation."""
    time_ns = from_stamp(message.header.stamp)
    if sensor not in CAMERA_SENSORS:
        return time_ns, from_scan(message)
    return time_ns, _pixels.imgmsg_to_cv2(message, desired_encoding=_ENCODINGS[sensor])


def to_car_state(odometry: Odometry, joints: JointState) -> CarState:
    """What the race needs to know of one frame, from its two messages."""
    pose, twist = odometry.pose.pose, odometry.twist.twist
    q = pose.orientation
    return CarState(
        time_ns=from_stamp(odometry.header.stamp),
        x=pose.position.x,
        y=pose.position.y,
        yaw=math.atan2(2.0 * (q.w * q.z + q.x * q.y), 1.0 - 2.0 * (q.y * q.y + q.z * q.z)),
        speed=math.hypot(twist.linear.x, twist.linear.y),
        steering_angle=steering_angle(*joints.position[:2]),
        contacts=(),
    )


def to_drive(time_ns: int, command: Command) -> TwistStamped:
    """A command as speed and yaw rate of the bicycle model, stamped with the frame it answers."""
    message = TwistStamped()
    message.header.stamp = to_stamp(time_ns)
    message.header.frame_id = CAR_FRAME
    message.twist.linear.x = float(command.speed)
    message.twist.angular.z = float(command.speed * math.tan(command.steering_angle) / WHEELBASE)
    return message


def from_drive(message: TwistStamped) -> Command | None:
    """The command that a drive message stands for; standing still, the wheels point ahead.

    None when its numbers are none: anybody may publish on the topic.
    """
    speed, yaw_rate = message.twist.linear.x, message.twist.angular.z
    if not (math.isfinite(speed) and math.isfinite(yaw_rate)):
        return None
    angle = 0.0 if speed == 0.0 else math.atan(WHEELBASE * yaw_rate / speed)
    return Command(steering_angle=angle, speed=speed)


def to_reset(reset: Reset) -> PoseStamped:
    """A reset as the pose to stand at, stamped with the frame that it answers."""
    message = PoseStamped()
    message.header.stamp = to_stamp(reset.time_ns)
    message.header.frame_id = WORLD_FRAME
    message.pose.position.x, message.pose.position.y = float(reset.x), float(reset.y)
    message.pose.orientation.z = math.sin(0.5 * reset.yaw)
    message.pose.orientation.w = math.cos(0.5 * reset.yaw)
    return message


def from_reset(message: PoseStamped) -> Reset | None:
    """The reset that a pose message stands for; None when its numbers are none."""
    q = message.pose.orientation
    if not all(map(math.isfinite, (message.pose.position.x, message.pose.position.y, q.z, q.w))):
        return None
    return Reset(
        time_ns=from_stamp(message.header.stamp),
        x=message.pose.position.x,
        y=message.pose.position.y,
        yaw=2.0 * math.atan2(q.z, q.w),
    )


def to_objects(placement: Placement) -> PoseArray:
    """Where the objects are to be, in the order of their names' numbers."""
    message = PoseArray()
    message.header.stamp = to_stamp(placement.time_ns)
    message.header.frame_id = WORLD_FRAME
    for placed in placement.objects:
        pose = Pose()
        pose.position.x, pose.position.y = float(placed.x), float(placed.y)
        pose.orientation.z = math.sin(0.5 * placed.yaw)
        pose.orientation.w = math.cos(0.5 * placed.yaw)
        message.poses.append(pose)
    return message


def from_objects(message: PoseArray, race_type: RaceType) -> Placement:
    """Where the objects of a race are to be; the kind of the race gives their names."""
    return Placement(
        time_ns=from_stamp(message.header.stamp),
        objects=tuple(
            ObjectPose(
                name=object_name(race_type, index),
                x=pose.position.x,
                y=pose.position.y,
                yaw=2.0 * math.atan2(pose.orientation.z, pose.orientation.w),
            )
            for index, pose in enumerate(message.poses)
        ),
    )


def to_conditions(time_ns: int, conditions: Conditions) -> DiagnosticArray:
    """The conditions that come with the reset of a frame; a color is three numbers."""
    values = asdict(conditions).items()
    texts = {
        name: " ".join(map(repr, value)) if isinstance(value, tuple) else repr(value)
        for name, value in values
    }
    return _status(time_ns, "conditions", "randomised", **texts)


def from_conditions(message: DiagnosticArray) -> tuple[int, Conditions]:
    """The frame and the conditions that a message stands for."""
    texts = _values(message)
    values = {}
    for entry in fields(Conditions):
        kind = int if isinstance(entry.default, int) else float
        numbers = tuple(map(kind, texts[entry.name].split()))
        values[entry.name] = numbers if isinstance(entry.default, tuple) else numbers[0]
    return from_stamp(message.header.stamp), Conditions(**values)


def to_episode(judgement: Judgement) -> DiagnosticArray:
    """The judgement of one frame, readable with `ros2 topic echo`."""
    return _status(
        judgement.time_ns,
        "episode",
        judgement.status.value,
        episode=judgement.episode,
        step=judgement.step,
        begins=int(judgement.begins),
        needed_version=judgement.needed_version,
        evaluates=int(judgement.evaluates),
        progress=f"{judgement.progress:.4f}",
        reward=f"{judgement.reward:.6g}",
        total_reward=f"{judgement.total_reward:.6g}",
        time_s=f"{judgement.time_s:.4f}",
    )


def from_episode(message: DiagnosticArray) -> Judgement:
    """The judgement that an episode message stands for."""
    values = _values(message)
    return Judgement(
        time_ns=from_stamp(message.header.stamp),
        episode=int(values["episode"]),
        step=int(values["step"]),
        status=EpisodeStatus(message.status[0].message),
        begins=values["begins"] == "1",
        needed_version=int(values["needed_version"]),
        evaluates=values["evaluates"] == "1",
        progress=float(values["progress"]),
        reward=float(values["reward"]),
        total_reward=float(values["total_reward"]),
        time_s=float(values["time_s"]),
    )


def to_policy(time_ns: int, episode: int, version: int) -> DiagnosticArray:
    """Which model version acts in an episode, from its first frame on."""
    name = f"model {version}" if version else "random"
    return _status(time_ns, "policy", name, episode=episode, version=version)


def from_policy(message: DiagnosticArray) -> tuple[int, int]:
    """The episode and the model version of a policy message."""
    values = _values(message)
    return int(values["episode"]), int(values["version"])


def _status(time_ns: int, name: str, message: str, **values: int | str) -> DiagnosticArray:
    array = DiagnosticArray()
    array.header.stamp = to_stamp(time_ns)
    array.status = [
        DiagnosticStatus(
            name=name,
            message=message,
            values=[KeyValue(key=key, value=str(value)) for key, value in values.items()],
        )
    ]
    return array


def _values(message: DiagnosticArray) -> dict[str, str]:
    return {entry.key: entry.value for entry in message.status[0].values}
