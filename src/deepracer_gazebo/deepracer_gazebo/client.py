"""The simulator behind the socket of the car plugin: `GazeboSimulator`."""

import math
import os
import socket
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from deepracer_core.conditions import Conditions
from deepracer_core.simulation import CONTROL_RATE, Frame, ObjectPose, frame_time_ns
from numpy.typing import NDArray

from deepracer_gazebo import frames

_RETRY = 0.05
"""Seconds between attempts to connect."""


class SimulatorError(RuntimeError):
    """Gazebo does not answer, or not as it should. The simulator cannot be used any more."""


class GazeboSimulator:
    """One car in one Gazebo world, moved in exact control periods.

    Args:
        path: the Unix socket of the car plugin; it appears when the simulator is ready.
        deadline: seconds of wall clock to wait for the simulator, at the start and in each step.

    Raises:
        SimulatorError: no simulator answered in time, or it is not one that this client knows.
    """

    def __init__(self, path: str | os.PathLike[str], deadline: float = 60.0) -> None:
        self._path = Path(path)
        self._deadline = deadline
        self._sequence = 0
        self._placement = b""
        self._changed = b""
        self._socket = self._connect()
        hello = bytearray(frames.HELLO.size)
        self._receive(memoryview(hello))
        magic, protocol, rate, self._width, self._height, self._features, _ = frames.HELLO.unpack(
            hello
        )
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
        self.simulate_ns = 0
        """How long the physics of the last step took in the simulator, nanoseconds."""
        self.render_ns = 0
        """How long the last image took in the simulator, nanoseconds."""

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
        request = frames.REQUEST.pack(
            frames.REQUEST_MAGIC, self._sequence, self._iterations, flags, *numbers
        )
        try:
            self._socket.sendall(request + placement + changed)
        except OSError as error:
            raise self._lost(error) from error
        # The frame keeps the memory, so each reply gets its own and nothing is copied.
        reply = np.empty(1, frames.REPLY)
        image = np.empty((self._height, self._width, 3), np.uint8)
        self._receive(reply.view(np.uint8).data, image.reshape(-1).data)
        head = reply[0]
        self._check(head, image)
        contacts = bytearray(int(head["contacts_size"]))
        self._receive(memoryview(contacts))
        self.simulate_ns = int(head["simulate_ns"])
        self.render_ns = int(head["render_ns"])
        return Frame(
            time_ns=self._time_ns(int(head["iterations"])),
            image=image,
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

    def _check(self, head: np.void, image: NDArray[np.uint8]) -> None:
        if head["magic"] != frames.REPLY_MAGIC or head["sequence"] != self._sequence:
            self.close()
            raise SimulatorError(
                f"{self._path}: expected the reply to request {self._sequence}, got "
                f"{int(head['magic']):#x}/{head['sequence']}"
            )
        if head["image_size"] != image.size:
            self.close()
            raise SimulatorError(
                f"{self._path}: expected an image of {image.size} bytes, got {head['image_size']}"
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
