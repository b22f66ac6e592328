"""A step is exactly one control period, and everything in a frame is of one instant."""

import socket as sockets
import struct
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from deepracer_core.simulation import Frame, frame_time_ns
from deepracer_gazebo.client import GazeboSimulator, SimulatorError

from deepracer_gazebo import frames

RED_POST = (-5.0, 0.0)


def numbers(frame: Frame) -> np.ndarray:
    """All measured numbers of a frame in one row."""
    return np.concatenate(
        [
            frame.position,
            frame.orientation,
            frame.linear_velocity,
            frame.angular_velocity,
            frame.steering_angles,
            frame.wheel_speeds,
        ]
    )


def drive_at_random(simulator: GazeboSimulator, steps: int, seed: int = 1) -> list[Frame]:
    """An episode that begins in front of the post."""
    rng = np.random.default_rng(seed)
    first = simulator.reset(-4.5, 0.1, 3.1)
    return [first] + [
        simulator.step(rng.uniform(-0.5, 0.5), rng.uniform(0.1, 4.0)) for _ in range(steps)
    ]


def assert_same(frames_of_one: list[Frame], frames_of_other: list[Frame]) -> None:
    """Bit for bit, pixel for pixel; only the clock may differ."""
    for index, (one, other) in enumerate(zip(frames_of_one, frames_of_other, strict=True)):
        assert numbers(one).tobytes() == numbers(other).tobytes(), f"state of frame {index}"
        assert np.array_equal(one.image, other.image), f"image of frame {index}"
        assert one.contacts == other.contacts, f"contacts of frame {index}"


def test_a_step_lasts_exactly_a_fifteenth_of_a_second(simulator: GazeboSimulator) -> None:
    first = simulator.step(0.0, 1.0).time_ns
    times = [simulator.step(0.1, 1.0).time_ns for _ in range(30)]
    periods = round(first * 15 / 1e9)
    assert [first, *times] == [frame_time_ns(periods + i) for i in range(31)]
    assert times[14] - first == 1_000_000_000


def test_the_image_belongs_to_the_pose(simulator: GazeboSimulator) -> None:
    driven = simulator.reset(-3.0, 0.0, np.pi)
    for _ in range(6):
        driven = simulator.step(0.05, 2.0)
    # The same place without the drive there; the car's body hardly leans.
    placed = simulator.reset(driven.position[0], driven.position[1], driven.yaw)
    difference = np.abs(driven.image.astype(int) - placed.image.astype(int))
    one_step_later = simulator.step(0.0, 2.0).image.astype(int)
    assert difference.mean() < 0.2
    assert np.abs(one_step_later - placed.image).mean() > 3.0 * difference.mean()


def test_the_camera_sees_what_is_ahead(simulator: GazeboSimulator) -> None:
    image = simulator.reset(RED_POST[0] + 1.5, 0.0, np.pi).image.astype(int)
    assert image.shape == (120, 160, 3)
    red = (image[..., 0] > 120) & (image[..., 1] < 90)
    columns = np.nonzero(red)[1]
    assert red.sum() > 300
    assert columns.mean() == pytest.approx(79.5, abs=2.0)
    sky, field = image[5, 5], image[-1, 80]
    assert sky[2] > max(150, sky[0])
    assert field[1] > max(field[0], field[2])


def test_the_camera_does_not_see_its_own_car(simulator: GazeboSimulator) -> None:
    image = simulator.reset(0.0, 0.0, 0.0).image.astype(int)
    for _ in range(8):
        turned = simulator.step(0.5, 0.1).image.astype(int)
    # Only field below the horizon, one color; fading towards the horizon is left out.
    for picture in (image, turned):
        assert picture[40:].reshape(-1, 3).std(axis=0).max() < 2.0


def test_two_servers_make_the_same_episode(start_server) -> None:
    episodes = []
    for name, threads in (("one", "1"), ("two", "2")):
        _, socket = start_server("--render-threads", threads, name=name)
        with GazeboSimulator(socket) as simulator:
            episodes.append(drive_at_random(simulator, 300))
    assert_same(*episodes)
    assert any(frame.contacts for frame in episodes[0])


def test_episodes_of_one_server_are_the_same(simulator: GazeboSimulator) -> None:
    first = drive_at_random(simulator, 300)
    drive_at_random(simulator, 23, seed=2)
    assert_same(first, drive_at_random(simulator, 300))


def test_a_reset_is_in_the_next_frame_and_leaves_nothing_over(simulator: GazeboSimulator) -> None:
    for _ in range(10):
        before = simulator.step(0.4, 3.0)
    assert np.hypot(*before.linear_velocity[:2]) > 0.5
    frame = simulator.reset(1.25, -2.5, 2.0)
    assert frame.position == pytest.approx((1.25, -2.5, 0.0), abs=1e-12)
    assert frame.yaw == pytest.approx(2.0, abs=1e-12)
    assert not frame.linear_velocity.any()
    assert not frame.angular_velocity.any()
    assert not frame.wheel_speeds.any()
    assert np.abs(frame.steering_angles).max() < 1e-12
    assert frame.contacts == ()
    standing = simulator.step(0.0, 0.0)
    # No drop: the wheels stood on the ground already.
    assert np.abs(standing.position - frame.position).max() < 1e-4
    assert np.abs(standing.linear_velocity).max() < 1e-3


def test_a_client_may_leave_and_another_one_goes_on(shared_socket: Path) -> None:
    with GazeboSimulator(shared_socket) as simulator:
        simulator.reset(0.0, 0.0, 0.0)
        last = simulator.step(0.0, 1.0)
    with GazeboSimulator(shared_socket) as simulator:
        assert simulator.step(0.0, 1.0).time_ns - last.time_ns == pytest.approx(66_666_666, abs=1)


def test_a_client_that_dies_or_talks_nonsense_does_no_harm(shared_socket: Path) -> None:
    program = (
        "import sys, os; from deepracer_gazebo.client import GazeboSimulator; "
        "s = GazeboSimulator(sys.argv[1]); s.step(0, 1); print('stepped', flush=True); "
        "s._socket.sendall(b'DRRQ'); os._exit(1)"
    )
    environment = {"PYTHONPATH": ":".join(filter(None, sys.path))}
    dead = subprocess.run(
        [sys.executable, "-c", program, str(shared_socket)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert dead.stdout == "stepped\n", dead.stderr

    nan = float("nan")
    nonsense = (
        b"GET / HTTP/1.1\r\n" * 10,
        frames.REQUEST.pack(frames.REQUEST_MAGIC, 1, 0, 0, 0.0, 1.0, 0.0, 0.0, 0.0),
        frames.REQUEST.pack(frames.REQUEST_MAGIC, 1, 20, 0, nan, 1.0, 0.0, 0.0, 0.0),
    )
    for request in nonsense:
        with sockets.socket(sockets.AF_UNIX) as stranger:
            stranger.settimeout(30.0)
            stranger.connect(str(shared_socket))
            greeting = frames.HELLO.size + frames.VIEW.size
            while greeting:
                part = stranger.recv(greeting)
                assert part, "the simulator hung up before its greeting was whole"
                greeting -= len(part)
            stranger.sendall(request)
            # Dropped: the end of the stream, or what was not read comes back as a reset.
            with suppress(ConnectionResetError):
                assert stranger.recv(1) == b""

    with GazeboSimulator(shared_socket) as simulator:
        assert simulator.reset(0.0, 0.0, 0.0).position[0] == 0.0


def test_numbers_that_are_not_finite_are_refused(simulator: GazeboSimulator) -> None:
    with pytest.raises(ValueError, match="finite"):
        simulator.step(float("nan"), 1.0)
    with pytest.raises(ValueError, match="finite"):
        simulator.reset(0.0, float("inf"), 0.0)
    assert simulator.step(0.0, 0.0).position[0] == pytest.approx(0.0, abs=1e-3)


def test_closing_twice_is_allowed(shared_socket: Path) -> None:
    simulator = GazeboSimulator(shared_socket)
    simulator.close()
    simulator.close()


def test_no_simulator_is_a_clear_error(tmp_path: Path) -> None:
    with pytest.raises(SimulatorError, match=r"nowhere\.sock: no simulator within 0\.2 s"):
        GazeboSimulator(tmp_path / "nowhere.sock", deadline=0.2)


def test_a_simulator_that_hangs_is_a_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "hangs.sock"
    with sockets.socket(sockets.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        with pytest.raises(SimulatorError, match="no answer from the simulator within"):
            GazeboSimulator(path, deadline=0.2)


def test_another_protocol_is_a_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "other.sock"
    with sockets.socket(sockets.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        with sockets.socket(sockets.AF_UNIX) as client:
            client.connect(str(path))
            peer, _ = listener.accept()
            client.close()
            peer.close()
        hello = struct.pack("<6IQ", frames.HELLO_MAGIC, 99, 300, 160, 120, 0, 0)
        script = (
            "import socket, sys; l = socket.socket(fileno=int(sys.argv[1])); "
            f"c, _ = l.accept(); c.sendall({hello!r}); c.recv(1)"
        )
        with (
            subprocess.Popen(
                [sys.executable, "-c", script, str(listener.fileno())], pass_fds=[listener.fileno()]
            ),
            pytest.raises(SimulatorError, match="expected protocol 2"),
        ):
            GazeboSimulator(path, deadline=30.0)
