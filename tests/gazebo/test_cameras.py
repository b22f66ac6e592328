"""A car with several cameras: all of them see the same instant, each from its own place."""

from pathlib import Path

import numpy as np
import pytest
from deepracer_core.errors import ConfigurationError
from deepracer_core.track_library import share_folder
from deepracer_gazebo.client import GazeboSimulator

ALL = ("--cameras", "chase,left,front,right", "--camera-size", "320x240")
RED_POST = (-5.0, 0.0)


def red_columns(image: np.ndarray) -> np.ndarray:
    """Columns of the pixels that show the post."""
    red = (image[..., 0] > 120) & (image[..., 1] < 90)
    return np.nonzero(red)[1]


@pytest.fixture(scope="module")
def socket(server_of) -> Path:
    return server_of(*ALL)


def drive(simulator: GazeboSimulator, steps: int) -> list:
    rng = np.random.default_rng(3)
    first = simulator.reset(-4.0, 0.1, 3.1)
    return [first] + [
        simulator.step(rng.uniform(-0.5, 0.5), rng.uniform(0.1, 2.0)) for _ in range(steps)
    ]


def test_the_images_come_in_the_order_of_the_cameras(socket: Path) -> None:
    with GazeboSimulator(socket) as simulator:
        sizes = {"chase": (1280, 720), "left": (320, 240), "front": (320, 240), "right": (320, 240)}
        assert list(simulator.cameras.items()) == list(sizes.items())
        images = simulator.reset(0.0, 0.0, 0.0).images
        assert list(images) == list(sizes)
        for name, (width, height) in sizes.items():
            assert images[name].shape == (height, width, 3)


def test_two_eyes_see_depth(socket: Path) -> None:
    distance = 1.0
    with GazeboSimulator(socket) as simulator:
        # The cameras are 0.145 m ahead of the car's base; the post is 0.3 m thick.
        frame = simulator.reset(RED_POST[0] + 0.15 + distance + 0.145, 0.0, np.pi)
    middles = {name: red_columns(image).mean() for name, image in frame.images.items()}
    # What is ahead is further to the right for the left eye: by the base of 0.06 m over the depth
    # along the cameras' axes, 15 degrees down, in focal lengths of 320 columns of 1.13 rad.
    focal_length = 160.0 / np.tan(1.13 / 2.0)
    disparity = middles["left"] - middles["right"]
    depth = distance * np.cos(np.deg2rad(15.0))
    assert disparity == pytest.approx(focal_length * 0.06 / depth, rel=0.05)
    assert middles["front"] == pytest.approx(0.5 * (middles["left"] + middles["right"]), abs=1.0)


def test_the_chase_camera_sees_the_car(socket: Path) -> None:
    with GazeboSimulator(socket) as simulator:
        for yaw in (0.0, 2.0):
            image = simulator.reset(0.0, 0.0, yaw).images["chase"].astype(int)
            blue = (image[..., 2] > image[..., 0] + 40) & (image[..., 2] > image[..., 1] + 40)
            rows, columns = np.nonzero(blue)
            height, width = image.shape[:2]
            assert blue.sum() > 1000
            assert columns.mean() == pytest.approx(0.5 * width - 0.5, abs=30.0)
            assert rows.mean() > 0.5 * height


def test_several_cameras_are_as_repeatable_as_one(server_of, socket: Path) -> None:
    with GazeboSimulator(socket) as simulator:
        episodes = [drive(simulator, 40), drive(simulator, 40)]
    with GazeboSimulator(server_of(*ALL)) as simulator:
        episodes.append(drive(simulator, 40))
    for episode in episodes[1:]:
        for one, other in zip(episodes[0], episode, strict=True):
            assert one.position.tobytes() == other.position.tobytes()
            for name, image in one.images.items():
                assert np.array_equal(image, other.images[name]), name


def test_other_cameras_change_nothing_of_what_the_front_one_sees(
    server_of, simulator: GazeboSimulator
) -> None:
    alone = drive(simulator, 60)
    with GazeboSimulator(server_of("--cameras", "front,left,right,chase")) as another:
        for one, other in zip(alone, drive(another, 60), strict=True):
            assert np.array_equal(one.image, other.image)


def test_a_lower_rate_repeats_pictures_and_nothing_else(socket: Path) -> None:
    with GazeboSimulator(socket) as simulator:
        every = drive(simulator, 12)
    with GazeboSimulator(socket, camera_rate=5) as simulator:
        third = drive(simulator, 12)
        for step, frame in enumerate(third):
            assert frame.position.tobytes() == every[step].position.tobytes()
            seen = every[step - step % 3]
            for name, image in frame.images.items():
                assert np.array_equal(image, seen.images[name]), f"{name} at step {step}"
        assert simulator.render_ns > 0
        simulator.step(0.0, 1.0)
        # A reset is seen, whenever it comes.
        simulator.reset(0.0, 0.0, 0.0)
        blind = simulator.step(0.0, 0.0)
        assert simulator.render_ns < 1_000_000
        assert np.array_equal(blind.image, simulator.step(0.0, 0.0).image)


def test_an_observer_photographs_the_frames_that_it_is_asked_for_and_changes_nothing_else(
    socket: Path,
) -> None:
    with GazeboSimulator(socket) as simulator:
        every = drive(simulator, 8)
    for rate in (15, 5):
        with GazeboSimulator(socket, observer="chase", camera_rate=rate) as simulator:
            rng = np.random.default_rng(3)
            seen = {}
            for step in range(9):
                if step in (0, 2, 3, 6):
                    simulator.look()
                if step == 0:
                    frame = simulator.reset(-4.0, 0.1, 3.1)
                else:
                    frame = simulator.step(rng.uniform(-0.5, 0.5), rng.uniform(0.1, 2.0))
                seen[step] = simulator.seen()
                assert list(frame.images) == ["left", "front", "right"]
                assert frame.position.tobytes() == every[step].position.tobytes()
                shown = every[step - step % (15 // rate)]
                for name, image in frame.images.items():
                    assert np.array_equal(image, shown.images[name]), f"{name} at step {step}"
            # Each comes with the frame after the one that it shows, once.
            assert [step for step in seen if seen[step] is not None] == [1, 3, 4, 7]
            assert simulator.seen() is None
            assert seen[4].time_ns - seen[1].time_ns == every[3].time_ns - every[0].time_ns
            for step in (1, 3, 4, 7):
                assert np.array_equal(seen[step].image, every[step - 1].images["chase"])


def test_a_client_that_leaves_before_its_last_picture_is_in_nobodys_way(socket: Path) -> None:
    for _ in range(3):
        with GazeboSimulator(socket, observer="chase") as simulator:
            simulator.look()
            simulator.step(0.0, 1.0)
    with GazeboSimulator(socket, observer="no such camera") as simulator:
        simulator.look()
        assert set(simulator.step(0.0, 1.0).images) == {"chase", "left", "front", "right"}
        assert simulator.seen() is None


def test_a_chase_camera_of_another_size_beside_those_of_a_model(server_of) -> None:
    metadata = share_folder() / "config/model_metadata.json"
    socket = server_of("--model-metadata", str(metadata), "--chase", "640x360")
    with GazeboSimulator(socket) as simulator:
        assert dict(simulator.cameras) == {"front": (160, 120), "chase": (640, 360)}


@pytest.mark.parametrize("rate", [0, 2, 30, -1])
def test_a_rate_that_does_not_divide_the_steps_is_refused(tmp_path: Path, rate: int) -> None:
    with pytest.raises(ConfigurationError, match="camera_rate: expected a divisor of 15"):
        GazeboSimulator(tmp_path / "none.sock", camera_rate=rate)
