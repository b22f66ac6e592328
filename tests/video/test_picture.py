"""What is where in a picture."""

import numpy as np
import pytest
from deepracer.track_drawing import speed_color
from deepracer.video.card import GREEN, INK, PAPER, RED
from deepracer.video.picture import HEIGHT, WIDTH, Caption, EpisodePictures, Moment, Result
from deepracer_core.episode import EpisodeStatus

CHASE, CAR = (40, 120, 60), (10, 20, 200)
SPEEDS = (0.5, 2.5)

TITLE = (slice(24, 104), slice(24, 200))
MAP = (slice(40, 240), slice(930, 1250))
CAMERA = (slice(455, 685), slice(935, 1245))
NUMBERS = (slice(590, 696), slice(24, 898))
RESULT = (slice(132, 248), slice(250, 700))


def images(height: int = 360) -> dict[str, np.ndarray]:
    return {
        "chase": np.full((height, height * 16 // 9, 3), CHASE, np.uint8),
        "front": np.full((120, 160, 3), CAR, np.uint8),
    }


def moment(track, share: float, **values) -> Moment:
    x, y, yaw = track.pose_at(share * track.length)
    given = {"speed": 2.0, "steering": 0.2, "progress": 100 * share, "reward": 12.5, "time_s": 4.0}
    return Moment(x, y, yaw, **{**given, "status": EpisodeStatus.IN_PROGRESS, **values})


@pytest.fixture
def pictures(track) -> EpisodePictures:
    return EpisodePictures(Caption(track, track.name, "training · episode 3", SPEEDS))


def count(picture: np.ndarray, part: tuple[slice, slice], color, within: int = 12) -> int:
    far = np.abs(picture[part].astype(int) - np.array(color)).max(axis=-1)
    return int((far <= within).sum())


@pytest.mark.parametrize("height", [180, 360, 720, 1080])
def test_the_chase_camera_fills_the_picture_and_the_cars_its_card(pictures, track, height):
    picture = pictures.compose(images(height), moment(track, 0.0))
    assert picture.shape == (HEIGHT, WIDTH, 3)
    assert picture.dtype == np.uint8
    assert tuple(picture[400, 460]) == CHASE
    assert (picture[CAMERA] == CAR).all()
    assert count(picture, NUMBERS, PAPER, 30) > 0.7 * picture[NUMBERS].shape[0] * 874
    assert count(picture, TITLE, INK, 40) > 100


def test_the_line_grows_in_the_colour_of_its_speed(pictures, track):
    fast, slow = (speed_color(speed, SPEEDS)[::-1] for speed in (2.4, 0.8))
    seen = []
    for step in range(41):
        speed = 2.4 if step <= 20 else 0.8
        picture = pictures.compose(images(), moment(track, step / 50, speed=speed))
        seen.append((count(picture, MAP, fast, 30), count(picture, MAP, slow, 30)))
    assert seen[1][0] < seen[10][0] < seen[20][0]
    assert seen[40][1] > 5 * max(seen[20][1], 1)
    assert seen[40][0] > 0.8 * seen[20][0]


def test_a_car_that_is_put_elsewhere_draws_no_line(pictures, track):
    color = speed_color(2.0, SPEEDS)[::-1]
    pictures.compose(images(), moment(track, 0.0))
    picture = pictures.compose(images(), moment(track, 0.5))
    assert count(picture, MAP, color, 20) == 0


def test_the_numbers_follow_the_car(pictures, track):
    progress_bar = (slice(676, 678), slice(202, 322))
    lengths = []
    for share in (0.1, 0.5, 0.9):
        picture = pictures.compose(images(), moment(track, share))
        lengths.append(count(picture, progress_bar, INK, 40) / 2)
    np.testing.assert_allclose(lengths, [12, 60, 108], atol=3)
    steering_bar = (slice(676, 678), slice(494, 614))
    half = steering_bar[1].start + 60 - 24
    left = pictures.compose(images(), moment(track, 0.9, steering=0.4))
    right = pictures.compose(images(), moment(track, 0.9, steering=-0.4))
    assert left[677, half].mean() < 130 < right[677, half].mean()


def test_a_result_is_shown_at_the_end_only(pictures, track):
    before = pictures.compose(images(), moment(track, 0.5))
    assert count(before, RESULT, PAPER, 30) == 0
    lap = Result("Lap complete", "11.33 s", is_lap=True)
    assert count(pictures.compose(images(), moment(track, 0.5), lap), RESULT, GREEN, 40) > 200
    off = Result("Off track", "at 50.0 % after 4.00 s", is_lap=False)
    assert count(pictures.compose(images(), moment(track, 0.5), off), RESULT, RED, 40) > 200
