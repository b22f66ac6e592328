"""The simulator behind the socket of the car plugin: `GazeboSimulator`."""

import math
import os
import socket
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from deepracer_core.conditions import Conditions
from deepracer_core.simulation import (
    CONTROL_RATE,
    Frame,
    ObjectPose,
    Sight,
    frame_time_ns,
    steps_of_a_picture,
)
from numpy.typing import NDArray

from deepracer_gazebo import frames
from deepracer_gazebo.observer import Observer

_RETRY = 0.05
"""Seconds between attempts to connect."""


class SimulatorError(RuntimeError):
    """Gazebo does not answer, or not as it should. The simulator cannot be used any more."""


class GazeboSimulator:
    """One car in one Gazebo world, moved in exact control periods.

    Args:
        path: the Unix socket of the car plugin; it appears when the simulator is ready.
        deadline: seconds of wall clock to wait for the simulator, at the start and in each step.
        camera_rate: pictures in a second of simulated time; the frames between two pictures repeat
            the older one. A reset is always seen.
        observer: a camera that takes a picture only when it is asked to, and after the frame is
            there, see `look`. The car need not have it.

    Raises:
        ConfigurationError: the camera's rate does not divide the control rate.
        SimulatorError: no simulator answered in time, or it is not one that this client knows.

    Attributes:
        cameras: width and height of each camera's pictures by its name, in the car's order.
        simulate_ns: how long the physics of the last step took in the simulator, nanoseconds.
        render_ns: how long the pictures of the last step took in the simulator, nanoseconds.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        deadline: float = 60.0,
        camera_rate: int = CONTROL_RATE,
        observer: str | None = None,
    ) -> None:
        self._steps_of_a_picture = steps_of_a_picture(camera_rate)
        self._path = Path(path)
        self._deadline = deadline
        self._sequence = 0
        self._placement = b""
        self._changed = b""
        self._socket = self._connect()
        hello = bytearray(frames.HELLO.size)
        self._receive(memoryview(hello))
        magic, protocol, rate, count, self._features, _, _ = frames.HELLO.unpack(hello)
        if magic != frames.HELLO_MAGIC or protocol != frames.PROTOCOL:
            self.close()
            raise SimulatorError(
                f"{path}: expected protocol {frames.PROTOCOL} of the car plugin, got "
                f"{magic:#x}/{protocol}: build the plugin again with set-up"
            )
        if rate % CONTROL_RATE:
            self.close()
            raise SimulatorError(
                f"{path}: {rate} physics steps a second do not divide into {CONTROL_RATE} control "
                "periods: set the world's max_step_size to 1/300 s"
            )
        self._iterations: int = rate // CONTROL_RATE
        self.cameras: Mapping[str, tuple[int, int]] = dict(self._view() for _ in range(count))
        self._observer = Observer(observer, self.cameras) if observer in self.cameras else None
        if self._observer is not None and not self._features & frames.CHOICES:
            self.close()
            raise SimulatorError(
                f"{path}: the car plugin cannot leave out cameras: build it again with set-up"
            )
        self._steps_seen = 0
        self._images: Mapping[str, NDArray[np.uint8]] = {}
        self.simulate_ns = 0
        self.render_ns = 0

    def __enter__(self) -> "GazeboSimulator":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def reset(self, x: float, y: float, yaw: float) -> Frame:
        """Put the car at rest at a pose (metres, radians); the frame is one control period later.

        Raises:
            ValueError: a number is not finite.
            SimulatorError: the simulator did not answer in time.
        """
        return self._exchange(frames.RESET, (0.0, 0.0, x, y, yaw))

    def step(self, steering_angle: float, speed: float) -> Frame:
        """Drive for one control period, radians and m/s, and return the frame at its end.

        Raises:
            ValueError: a number is not finite.
            SimulatorError: the simulator did not answer in time.
        """
        return self._exchange(0, (steering_angle, speed, 0.0, 0.0, 0.0))

    def place(self, objects: Sequence[ObjectPose]) -> None:
        """Have models of the world stand at these poses in the next frame and from there on.

        The world has to have them (`object_models.with_objects`). They are not in the car's way:
        whether it hits one is for the race to judge.

        Raises:
            ValueError: a number is not finite, or a name longer than 31 bytes.
            SimulatorError: the simulator's plugin is too old for it.
        """
        if not self._features & frames.PLACES:
            raise SimulatorError(
                f"{self._path}: the car plugin cannot place objects: build it again with set-up"
            )
        parts = [frames.PLACEMENT.pack(len(objects), 0)]
        for each in objects:
            name, pose = each.name.encode(), (each.x, each.y, each.yaw)
            if len(name) > 31 or not all(map(math.isfinite, pose)):
                raise ValueError(f"expected a name of at most 31 bytes and a finite pose: {each}")
            parts.append(frames.PLACED.pack(name, *pose))
        self._placement = b"".join(parts)

    def apply(self, conditions: Conditions) -> None:
        """Have these conditions in the next frame, and until others are applied.

        Raises:
            SimulatorError: the simulator's plugin is too old for it.
        """
        if not self._features & frames.CHANGES:
            raise SimulatorError(
                f"{self._path}: the car plugin knows no conditions: build it again with set-up"
            )
        self._changed = frames.CHANGED.pack(
            conditions.light_strength,
            *conditions.light_color,
            conditions.light_azimuth,
            conditions.light_elevation,
            *conditions.road_color,
            *conditions.field_color,
            *conditions.line_color,
            *conditions.object_color,
            conditions.camera_pitch,
            conditions.camera_field_of_view,
            conditions.friction,
            conditions.road_texture,
            conditions.field_texture,
        )

    def look(self) -> None:
        """Have the observer photograph the next frame; see `seen`. Without one nothing happens.

        The picture is taken while the client thinks about the frame, and comes with the one after.
        """
        if self._observer is not None:
            self._observer.look()

    def seen(self) -> Sight | None:
        """What the observer photographed, once."""
        return None if self._observer is None else self._observer.seen()

    def close(self) -> None:
        """Let go of the simulator. Closing twice is allowed."""
        self._socket.close()

    def _exchange(self, flags: int, numbers: tuple[float, ...]) -> Frame:
        if not all(map(math.isfinite, numbers)):
            raise ValueError(f"the simulator takes finite numbers only, not {numbers}")
        self._sequence = (self._sequence + 1) % (1 << 32)
        placement, self._placement = self._placement, b""
        if placement:
            flags |= frames.PLACE
        changed, self._changed = self._changed, b""
        if changed:
            flags |= frames.CONDITIONS
        images = self._images_to_fill(bool(flags & frames.RESET))
        if not images:
            flags |= frames.BLIND
        if self._observer is not None:
            flags |= self._observer.flag
        request = frames.REQUEST.pack(
            frames.REQUEST_MAGIC, self._sequence, self._iterations, flags, *numbers
        )
        try:
            self._socket.sendall(request + placement + changed)
        except OSError as error:
            raise self._lost(error) from error
        self._receive_sight()
        # The frame keeps the memory, so each reply gets its own and nothing is copied.
        reply = np.empty(1, frames.REPLY)
        pixels = [image.reshape(-1).data for image in images.values()]
        self._receive(reply.view(np.uint8).data, *pixels)
        head = reply[0]
        self._check(head, sum(map(len, pixels)))
        contacts = bytearray(int(head["contacts_size"]))
        self._receive(memoryview(contacts))
        self._images = images or self._images
        time_ns = self._time_ns(int(head["iterations"]))
        if self._observer is not None:
            self._observer.replied(time_ns, self._sequence)
        self.simulate_ns = int(head["simulate_ns"])
        self.render_ns = int(head["render_ns"])
        return Frame(
            time_ns=time_ns,
            images=self._images,
            position=head["position"],
            orientation=head["orientation"],
            linear_velocity=head["linear_velocity"],
            angular_velocity=head["angular_velocity"],
            steering_angles=head["steering_angles"],
            wheel_speeds=head["wheel_speeds"],
            contacts=tuple(contacts.decode().split("\n")) if contacts else (),
        )

    def _time_ns(self, iterations: int) -> int:
        periods, rest = divmod(iterations, self._iterations)
        if rest == 0:
            return frame_time_ns(periods)
        # Somebody else has stepped the world, by less than a period.
        return iterations * 1_000_000_000 // (self._iterations * CONTROL_RATE)

    def _view(self) -> tuple[str, tuple[int, int]]:
        """Receive name and size of one camera."""
        view = bytearray(frames.VIEW.size)
        self._receive(memoryview(view))
        name, width, height = frames.VIEW.unpack(view)
        return name.rstrip(b"\0").decode(), (width, height)

    def _images_to_fill(self, is_reset: bool) -> dict[str, NDArray[np.uint8]]:
        """Memory for the pictures of the next frame, by camera; none when it repeats the last."""
        self._steps_seen += 1
        due = self._steps_seen % self._steps_of_a_picture == 0
        if self._images and not (is_reset or due):
            return {}
        self._steps_seen = 0
        return {
            name: np.empty((height, width, 3), np.uint8)
            for name, (width, height) in self.cameras.items()
            if self._observer is None or name != self._observer.name
        }

    def _receive_sight(self) -> None:
        """Receive what comes between the last reply and the next one, if anything does."""
        try:
            if self._observer is not None:
                self._observer.receive(self._receive)
        except ValueError as error:
            self.close()
            raise SimulatorError(f"{self._path}: {error}") from error

    def _check(self, head: np.void, images_size: int) -> None:
        if head["magic"] != frames.REPLY_MAGIC or head["sequence"] != self._sequence:
            self.close()
            raise SimulatorError(
                f"{self._path}: expected the reply to request {self._sequence}, got "
                f"{int(head['magic']):#x}/{head['sequence']}"
            )
        if head["images_size"] != images_size:
            self.close()
            raise SimulatorError(
                f"{self._path}: expected images of {images_size} bytes, got {head['images_size']}"
            )

    def _connect(self) -> socket.socket:
        """Connect as soon as the simulator listens."""
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(self._deadline)
        end = time.monotonic() + self._deadline
        while not _listens(connection, self._path):
            if time.monotonic() > end:
                connection.close()
                raise SimulatorError(
                    f"{self._path}: no simulator within {self._deadline:g} s: is gazebo_server "
                    "running, and what does its log say?"
                )
            threading.Event().wait(_RETRY)
        return connection

    def _receive(self, *parts: memoryview) -> None:
        """Fill all the parts, in order."""
        pending = [part for part in parts if len(part)]
        while pending:
            try:
                count = self._socket.recvmsg_into(pending)[0]
            except TimeoutError as error:
                self.close()
                raise SimulatorError(
                    f"{self._path}: no answer from the simulator within {self._deadline:g} s: it "
                    "hangs, or has too little of the processor; see gazebo_server's log"
                ) from error
            except OSError as error:
                raise self._lost(error) from error
            if count == 0:
                raise self._lost(None)
            while pending and count >= len(pending[0]):
                count -= len(pending.pop(0))
            if pending:
                pending[0] = pending[0][count:]

    def _lost(self, error: OSError | None) -> SimulatorError:
        self.close()
        reason = f" ({error.strerror})" if error is not None else ""
        return SimulatorError(
            f"{self._path}: the simulator has gone away{reason}: see gazebo_server's log"
        )


def _listens(connection: socket.socket, path: Path) -> bool:
    try:
        connection.connect(str(path))
    except (FileNotFoundError, ConnectionRefusedError):
        return False
    return True
