"""Each episode's conditions: from its number alone, within the ranges, and nothing else changed."""

from dataclasses import fields
from math import pi, radians

import numpy as np
import pytest
from deepracer_core.action_delay import ActionDelay
from deepracer_core.action_space import Command
from deepracer_core.conditions import TEXTURES, Conditions
from deepracer_core.episode import EpisodeStatus
from deepracer_core.errors import ConfigurationError
from deepracer_core.randomisation import RANDOMISED, Randomisation, Range, parse_range
from deepracer_core.trial import TrialRules

_DRAWS = 4000

_WIDE = {
    name: parse_range(name, "0:3" if "texture" in name or name == "action_delay" else "0.25:0.75")
    for name in RANDOMISED
}


def drawn(ranges, **source) -> list[Conditions]:
    source = Randomisation(ranges, **source)
    return [source.conditions(episode) for episode in range(_DRAWS)]


def test_every_condition_can_be_randomised():
    conditions = Randomisation(_WIDE).conditions(0)
    same = [
        entry.name
        for entry in fields(Conditions)
        if getattr(conditions, entry.name) == entry.default
    ]
    # A whole number can be drawn as it was.
    assert set(same) <= {"road_texture", "field_texture", "action_delay"}


def test_conditions_depend_on_seed_worker_and_episode_alone():
    forth = drawn(_WIDE, seed=3, worker=1)
    source = Randomisation(_WIDE, seed=3, worker=1)
    back = [source.conditions(episode) for episode in reversed(range(_DRAWS))]
    assert forth == back[::-1]
    assert len(set(forth)) == _DRAWS
    assert not set(forth) & set(drawn(_WIDE, seed=3, worker=2))
    assert not set(forth) & set(drawn(_WIDE, seed=4, worker=1))


def test_without_ranges_nothing_changes():
    assert Randomisation({}, seed=3).conditions(5) == Conditions()
    assert Randomisation({"light_color": Range(1.0, 1.0)}).conditions(5) == Conditions()


@pytest.mark.parametrize("name", RANDOMISED)
def test_a_range_changes_its_own_condition_alone(name):
    every = Randomisation(_WIDE, seed=1).conditions(9)
    alone = Randomisation({name: _WIDE[name]}, seed=1).conditions(9)
    own = name.removesuffix("_deg")
    for entry in fields(Conditions):
        expected = every if entry.name == own else Conditions()
        assert getattr(alone, entry.name) == getattr(expected, entry.name)


@pytest.mark.parametrize(
    ("name", "lowest", "highest"),
    [
        ("light_strength", 0.6, 1.4),
        ("friction", 0.5, 1.0),
        ("camera_pitch_deg", -3.0, 3.0),
        ("light_azimuth_deg", -180.0, 180.0),
    ],
)
def test_numbers_are_spread_evenly_over_their_range(name, lowest, highest):
    ranges = {name: parse_range(name, f"{lowest}:{highest}")}
    scale = radians(1.0) if name.endswith("_deg") else 1.0
    values = [getattr(each, name.removesuffix("_deg")) / scale for each in drawn(ranges)]
    assert lowest <= min(values) < max(values) <= highest
    counts, _ = np.histogram(values, bins=10, range=(lowest, highest))
    # Five standard deviations of a count.
    assert np.abs(counts - _DRAWS / 10).max() < 5.0 * np.sqrt(_DRAWS * 0.1 * 0.9)


def test_the_channels_of_a_color_are_drawn_each_on_its_own():
    colors = np.array([each.road_color for each in drawn({"road_color": Range(0.5, 1.5)})])
    assert colors.shape == (_DRAWS, 3)
    assert np.abs(np.corrcoef(colors.T) - np.eye(3)).max() < 0.1


def test_whole_numbers_are_drawn_with_both_ends_and_equally_often():
    delays = [each.action_delay for each in drawn({"action_delay": Range(1.0, 3.0)})]
    numbers, counts = np.unique(delays, return_counts=True)
    assert numbers.tolist() == [1, 2, 3]
    assert np.abs(counts / _DRAWS - 1.0 / 3.0).max() < 0.05
    assert all(isinstance(delay, int) for delay in delays)


def test_degrees_become_radians():
    range_ = parse_range("light_azimuth_deg", "180:180")
    assert Randomisation({"light_azimuth_deg": range_}).conditions(0).light_azimuth == pi


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("light_strength", "1"),
        ("light_strength", "1.4:0.6"),
        ("light_strength", "-1:1"),
        ("light_strength", "0:nan"),
        ("light_strength", "0:inf"),
        ("light_strength", "0:1:2"),
        ("light_strength", "dark:bright"),
        ("friction", "0:1"),
        ("action_delay", "0:1.5"),
        ("action_delay", "0:15"),
        ("road_texture", f"0:{TEXTURES}"),
        ("camera_pitch_deg", "-90:0"),
    ],
)
def test_what_is_no_range_is_refused(name, text):
    with pytest.raises(ConfigurationError, match=rf"{name}: expected MIN:MAX, .*, got '{text}'"):
        parse_range(name, text)


def test_a_delayed_command_arrives_after_its_periods():
    commands = [Command(0.1 * i, 1.0 + i) for i in range(5)]
    delay = ActionDelay(2)
    assert [delay.arriving(command) for command in commands] == [
        Command(0.0, 0.0),
        Command(0.0, 0.0),
        *commands[:3],
    ]
    assert [ActionDelay().arriving(command) for command in commands] == commands


def test_a_reset_brings_the_conditions_of_the_episode_that_follows(ring, make_race):
    source = Randomisation(_WIDE, seed=5)
    race = make_race(ring, lambda *_: Command(0.0, 1.0), randomisation=source)
    race.drive(episodes=3)
    numbers = [0, 1, 2, 3][: len(race.resets)]
    assert len(numbers) >= 3
    assert [reset.conditions for reset in race.resets] == [source.conditions(n) for n in numbers]


def test_a_car_that_is_put_back_stays_in_its_conditions(ring, make_race):
    source = Randomisation(_WIDE, seed=5)
    race = make_race(
        ring,
        lambda *_: Command(0.0, 1.0),
        mode="evaluation",
        trials=1,
        trial_rules=TrialRules(number_of_resets=2),
        randomisation=source,
    )
    race.drive(episodes=1)
    assert race.records[0].reset_count == 2
    assert race.records[0].status is EpisodeStatus.OFF_TRACK
    assert [reset.conditions for reset in race.resets] == [source.conditions(0)] * 3


def test_without_randomisation_a_reset_brings_no_conditions(ring, make_race):
    race = make_race(ring, lambda *_: Command(0.0, 1.0))
    race.drive(episodes=2)
    assert {reset.conditions for reset in race.resets} == {None}
