"""What live pictures show: the episode that is driven, and the numbers of the frame in them."""

import numpy as np
import pytest
from deepracer.live_video.live_pictures import HEIGHT, WIDTH, LivePictures, speeds_of, subtitles
from deepracer.live_video.snapshot import Passed
from deepracer.track_drawing import speed_color
from deepracer.video.card import PAPER
from deepracer_core.model_metadata import parse_model_metadata
from deepracer_core.simulation import frame_time_ns
from shots import snapshot

MAP = (slice(24, 150), slice(624, 830))
SUBTITLE = (slice(44, 62), slice(20, 330))
CHASE, CAR = (40, 120, 60), (10, 20, 200)


def count(picture: np.ndarray, part, color, within: int = 30) -> int:
    far = np.abs(picture[part].astype(int) - np.array(color)).max(axis=-1)
    return int((far <= within).sum())


def passed(track, steps, episode: int = 0) -> tuple[Passed, ...]:
    return tuple(
        Passed(frame_time_ns(1000 * episode + step), *track.pose_at(0.1 * step)[:2], 1.5)
        for step in steps
    )


def test_a_picture_has_the_cameras_the_map_and_the_numbers(live_pictures, track):
    picture = live_pictures.compose(snapshot(track, 30))
    assert picture.shape == (HEIGHT, WIDTH, 3)
    assert tuple(picture[260, 300]) == CHASE
    assert tuple(picture[380, 740]) == CAR
    assert count(picture, (slice(395, 460), slice(20, 596)), PAPER) > 20_000
    assert count(picture, SUBTITLE, (140, 130, 122)[::-1], 60) > 50


def test_the_line_is_that_of_the_frames_that_passed(live_pictures, track):
    color = speed_color(1.5, (0.0, 4.0))[::-1]
    first = live_pictures.compose(snapshot(track, 1))
    later = live_pictures.compose(snapshot(track, 40, passed=passed(track, range(2, 40))))
    assert count(first, MAP, color) < 30 < count(later, MAP, color)
    # Frames that were not heard leave a gap, not a chord.
    jumped = live_pictures.compose(snapshot(track, 80))
    assert abs(count(jumped, MAP, color) - count(later, MAP, color)) < 30


def test_an_episode_begins_with_an_empty_map(live_pictures, track):
    color = speed_color(1.5, (0.0, 4.0))[::-1]
    full = live_pictures.compose(snapshot(track, 60, passed=passed(track, range(60))))
    # The frames of the last episode that passed since then are none of this one.
    late = passed(track, range(61, 70)) + passed(track, range(3), episode=1)
    fresh = live_pictures.compose(snapshot(track, 3, episode=1, passed=late))
    assert count(fresh, MAP, color) < 0.3 * count(full, MAP, color)
    assert (fresh[SUBTITLE] != full[SUBTITLE]).any()


def test_the_map_shows_the_direction_that_is_driven(live_pictures, track):
    one_way = live_pictures.compose(snapshot(track, 30))
    other_way = live_pictures.compose(snapshot(track, 30, episode=1, reverse=True))
    back = live_pictures.compose(snapshot(track, 30, episode=2))
    # The arrow behind the start line, far from the car.
    assert (one_way[MAP] != other_way[MAP]).any(axis=-1).sum() > 40
    assert (one_way[MAP] != back[MAP]).any(axis=-1).sum() == 0


@pytest.mark.parametrize(
    ("mode", "worker", "episode", "version", "said"),
    [
        ("training", None, 12, 5, "training · episode 12 · model v5"),
        ("training", 2, 0, 0, "training · worker 2 · episode 0 · at random"),
        ("evaluation", None, 0, 7, "evaluation · trial 1 · model v7"),
        ("training", None, 3, None, "training · episode 3"),
    ],
)
def test_the_subtitle_says_what_is_driven(mode, worker, episode, version, said):
    assert subtitles(mode, worker)(episode, version) == said


@pytest.mark.parametrize(
    ("space", "speeds"),
    [
        ('[{"steering_angle": 0, "speed": 0.7}, {"steering_angle": 9, "speed": 2.6}]', (0.5, 3.0)),
        ('[{"steering_angle": 0, "speed": 1}, {"steering_angle": 9, "speed": 1}]', (1.0, 1.5)),
        (
            '{"steering_angle": {"low": -30, "high": 30}, "speed": {"low": 1, "high": 4}}',
            (1.0, 4.0),
        ),
    ],
)
def test_the_scale_of_speeds_fits_the_actions(space, speeds):
    kind = "discrete" if space.startswith("[") else "continuous"
    text = f'{{"action_space": {space}, "action_space_type": "{kind}"}}'
    assert speeds_of(parse_model_metadata(text, "here").action_space) == pytest.approx(speeds)


def test_pictures_are_as_quick_as_they_need_to_be(track):
    pictures = LivePictures(track, (0.0, 4.0), subtitles("training"))
    for episode in range(30):
        pictures.compose(snapshot(track, 5, episode=episode))
    assert len(pictures._ways) == 1, "the road is drawn once, not for each episode"
