"""Files as users of DeepRacer have them run unchanged: loaded, and driven around tracks."""

from dataclasses import asdict
from math import isfinite, radians
from pathlib import Path

import pytest
from deepracer_core.action_space import Command
from deepracer_core.episode import EpisodeRules, EpisodeStatus
from deepracer_core.hyperparameters import Hyperparameters, load_hyperparameters
from deepracer_core.model_metadata import load_model_metadata
from deepracer_core.object_places import Spread, parse_places
from deepracer_core.obstacles import Obstacles
from deepracer_core.reward import load_reward_function
from deepracer_core.starts import StartPositions
from deepracer_core.track_library import load_track

EXAMPLES = Path(__file__).parent / "examples"
REWARD_FUNCTIONS = sorted((EXAMPLES / "reward_functions").glob("*.py"))
MODEL_METADATA = sorted((EXAMPLES / "model_metadata").glob("*.json"))
HYPERPARAMETERS = sorted((EXAMPLES / "hyperparameters").glob("*.json"))


def load(name):
    return load_reward_function(EXAMPLES / "reward_functions" / f"{name}.py")


def boxes(*places):
    """An object avoidance race with boxes at these places."""
    given = parse_places(places, "places")
    return Obstacles(Spread(len(given), given=given))


@pytest.fixture(name="rewards_of")
def _rewards_of(make_race, follow_center):
    """What a reward function gives for each step of one episode."""

    def rewards_of(name, track, *, speed=1.0, offset=0.0, weave=0.0, **options):
        def driver(track, state, judgement):
            command = follow_center(track, state, speed, offset)
            side = 1 if judgement.step // 2 % 2 else -1
            return Command(command.steering_angle + side * weave, command.speed)

        race = make_race(track, driver, reward=load(name), **options)
        race.drive(episodes=1)
        assert race.losses == []
        rewards = [each.reward for each in race.judgements if each.step > 0]
        assert len(rewards) == race.records[0].steps
        assert all(map(isfinite, rewards))
        return rewards

    return rewards_of


def mean(rewards):
    return sum(rewards) / len(rewards)


def free_side(track, state, objects):
    """Metres left of the centre line to drive at: in the lane beside the next object.

    An object is the next one until the car has passed it.
    """
    place = float(track.project([(state.x, state.y)]).distance[0])
    ahead = min(objects, key=lambda each: (each.distance + 0.4 - place) % track.length)
    return -0.25 * track.width_at(place) if ahead.offset > 0.0 else 0.25 * track.width_at(place)


@pytest.mark.parametrize("metadata", MODEL_METADATA, ids=lambda path: path.stem)
@pytest.mark.parametrize("source", REWARD_FUNCTIONS, ids=lambda path: path.stem)
def test_each_reward_function_with_each_action_space(make_race, follow_center, source, metadata):
    """Whole laps, both ways round, in each of which every step has a reward that is a number."""
    track = load_track("meadow_loop")
    directions = (track, track.reversed())
    action_space = load_model_metadata(metadata).action_space
    # Round one box on the left of the centre line and one on its right, both ways.
    scenes = boxes("0.3,-1", "0.6,1") if source.stem == "avoid_objects" else None
    objects = [scenes.scene(way, 0.0, 0).at(0.0) if scenes else () for way in directions]

    def driver(_, state, judgement):
        way, on_it = directions[judgement.episode % 2], objects[judgement.episode % 2]
        side = free_side(way, state, on_it) if on_it else 0.0
        command = follow_center(way, state, offset=side)
        return action_space.command(action_space.action(command))

    race = make_race(
        track,
        driver,
        reward=load_reward_function(source),
        action_space=action_space,
        starts=StartPositions(track, 0.4, alternate_direction=True),
        scenes=scenes,
        rules=EpisodeRules(max_steps=600),
    )
    race.drive(episodes=2)

    steps = [each for each in race.judgements if each.step > 0]
    assert len(steps) == sum(record.steps for record in race.records)
    assert all(isinstance(step.reward, float) and isfinite(step.reward) for step in steps)
    assert [record.reversed for record in race.records] == [False, True]
    totals = [sum(step.reward for step in steps if step.episode == i) for i in (0, 1)]
    assert [record.reward for record in race.records] == pytest.approx(totals)
    assert [record.status for record in race.records] == [EpisodeStatus.LAP_COMPLETE] * 2


@pytest.mark.parametrize("direction", ["forward", "reversed"])
@pytest.mark.parametrize("name", ["follow_center_line", "reward_class", "prevent_zig_zag"])
def test_the_centre_pays_more_than_the_side_and_the_side_more_than_the_edge(
    ring, rewards_of, name, direction
):
    track = ring if direction == "forward" else ring.reversed()
    for side in (-1, 1):
        means = [mean(rewards_of(name, track, offset=side * far)) for far in (0.0, 0.2, 0.34)]
        assert means == sorted(means, reverse=True)
        assert means[0] > 1.2 * means[1]


def test_inside_the_borders_pays_all_the_same_and_a_wheel_outside_nothing(ring, rewards_of):
    name = "stay_inside_borders"
    assert mean(rewards_of(name, ring)) == mean(rewards_of(name, ring, offset=0.15)) == 1.0
    outside = rewards_of(name, ring, offset=0.38)
    assert mean(outside[-20:]) == pytest.approx(1e-3)


@pytest.mark.parametrize("name", ["prevent_zig_zag", "follow_waypoints", "reward_class"])
def test_weaving_pays_less_than_driving_smoothly(ring, rewards_of, name):
    smooth, weaving = (mean(rewards_of(name, ring, weave=radians(w))) for w in (0.0, 25.0))
    assert weaving < 0.98 * smooth


def test_heading_along_the_road_pays_in_full_also_where_the_angle_jumps_by_360(rewards_of):
    track = load_track("quarry_corners")
    rewards = rewards_of("follow_waypoints", track, speed=0.8)
    assert set(rewards) <= {0.5, 1.0}
    assert mean(rewards) > 0.8


def test_keeping_out_of_the_next_objects_lane_pays_more(ring, rewards_of):
    race = {"scenes": boxes("0.5,1"), "rules": EpisodeRules(max_steps=80)}
    at_it, past_it = (
        rewards_of("avoid_objects", ring, offset=side, **race) for side in (-0.19, 0.19)
    )
    assert at_it[-1] == pytest.approx(1e-3)  # it crashed
    assert mean(past_it) > mean(at_it)
    assert len(past_it) == 80


def test_fast_laps_pay_more_a_step_and_being_ahead_of_time_pays_extra(ring, rewards_of):
    rules = {"rules": EpisodeRules(max_steps=99)}
    slow, fast = (rewards_of("finish_in_few_steps", ring, speed=v, **rules) for v in (0.8, 1.2))
    assert set(slow) == {0.5, 10.5}
    assert mean(fast) > 2.0 * mean(slow)
    assert fast[49] == pytest.approx(1.0 + 1.2 + 10.0, rel=1e-3)


def test_what_a_file_remembers_is_its_own_and_begins_anew_with_each_load(ring, rewards_of):
    for name in ("prevent_zig_zag", "reward_class"):
        assert rewards_of(name, ring) == rewards_of(name, ring)


@pytest.mark.parametrize("path", MODEL_METADATA, ids=lambda path: path.stem)
def test_each_action_space_means_what_it_says(path):
    metadata = load_model_metadata(path)
    space = metadata.action_space
    has_more = path.stem == "stereo_and_lidar"
    sensors = ("STEREO_CAMERAS", "LIDAR") if has_more else ("FRONT_FACING_CAMERA",)
    assert metadata.sensors == sensors
    assert metadata.text == path.read_text()
    assert space.is_discrete == (not path.stem.startswith("continuous"))
    if space.is_discrete:
        angles = [radians(angle) for angle in range(-30, 31, 10 if space.size == 7 else 15)]
        assert [space.command(i).steering_angle for i in range(len(angles))] == angles
    else:
        left = space.command([1.0, 1.0])
        assert left.steering_angle == radians(30 if metadata.version == 5 else 25)
        assert left.speed == (1.5 if metadata.version == 5 else 1.0)


@pytest.mark.parametrize("path", HYPERPARAMETERS, ids=lambda path: path.stem)
def test_each_hyperparameters_file_loads(path):
    assert isinstance(load_hyperparameters(path), Hyperparameters)


def test_hyperparameters_have_the_values_of_their_file():
    exported = load_hyperparameters(EXAMPLES / "hyperparameters/exported.json")
    assert exported == Hyperparameters(discount_factor=0.995)
    strings = asdict(load_hyperparameters(EXAMPLES / "hyperparameters/strings.json"))
    assert strings["batch_size"] == 128
    assert strings["lr"] == 1e-4
    assert strings["loss_type"] == "mean squared error"
    assert strings["term_cond_avg_score"] == 350.0
    few = load_hyperparameters(EXAMPLES / "hyperparameters/few_keys.json")
    assert (few.lr, few.exploration_type, few.num_epochs) == (1e-5, "e-greedy", 10)
