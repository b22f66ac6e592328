"""A user's reward function on a dry lap: all of the road, and what can go wrong on it, unsimulated.

A reward function that answers well at the start line can still return nothing at step 37, in a bend
or off the road. Here it is called as in a job, without a simulator to wait for.
"""

import contextlib
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from math import atan, ceil, hypot, pi
from typing import Any

from deepracer_core.episode import CarState, Episode, EpisodeRules, EpisodeStatus
from deepracer_core.race_objects import SceneSource
from deepracer_core.reward import RewardFunction, reward_params
from deepracer_core.simulation import (
    CONTROL_RATE,
    MAX_STEERING_ANGLE,
    SPEED_RANGE,
    WHEELBASE,
    frame_time_ns,
)
from deepracer_core.stage import Stage
from deepracer_core.starts import Start
from deepracer_core.track import Track

BUDGET_S = 2.0
"""Seconds of wall clock after which a slow reward function has been tried enough."""

_LAP_SPEED = 1.0
_MISHAP_STEPS = 30


@dataclass(frozen=True, slots=True)
class DryLap:
    """What the reward function gave.

    Attributes:
        steps: how often it was called.
        lowest: the lowest reward of a step.
        highest: the highest reward of a step.
    """

    steps: int
    lowest: float
    highest: float


@dataclass(frozen=True, slots=True)
class _Stretch:
    """A drive along the road.

    Attributes:
        begin: share of the lap at which it begins.
        steps: how many.
        speed: along the centre line, m/s; below 0 the car has turned round.
        drift: speed to the left, m/s.
    """

    begin: float
    steps: int
    speed: float
    drift: float = 0.0


_MISHAPS = (
    _Stretch(0.3, _MISHAP_STEPS, _LAP_SPEED, drift=1.0),
    _Stretch(0.3, _MISHAP_STEPS, _LAP_SPEED, drift=-1.0),
    _Stretch(0.6, _MISHAP_STEPS, -_LAP_SPEED),
    _Stretch(0.6, _MISHAP_STEPS, SPEED_RANGE[0]),
    _Stretch(0.6, _MISHAP_STEPS, SPEED_RANGE[1]),
)
"""Off the road on either side, the wrong way, as slow and as fast as it goes."""


def drive_dry_lap(
    reward_function: RewardFunction,
    track: Track,
    scenes: SceneSource | None,
    *,
    both_directions: bool = False,
) -> DryLap:
    """Call a reward function in each step of a lap on the centre line, then in some mishaps.

    What it prints is not shown, and `BUDGET_S` is kept to between two calls.

    Args:
        reward_function: freshly loaded; what it keeps between calls is not to be used again.
        track: in the direction in which it is driven.
        scenes: what else is on the road; None in a time trial.
        both_directions: it is driven the other way, too.

    Raises:
        RewardError: it failed, or gave what is no reward; the message names file, step and params.
    """
    directions = [track, track.reversed()] if both_directions else [track]
    lap = ceil(track.length / _LAP_SPEED * CONTROL_RATE)
    stretches = (_Stretch(0.0, lap, _LAP_SPEED), *_MISHAPS)
    asked = chain.from_iterable(
        _drive(direction, scenes, stretch) for direction in directions for stretch in stretches
    )
    rewards = []
    end = time.monotonic() + BUDGET_S
    with open(os.devnull, "w", encoding="utf-8") as nowhere, contextlib.redirect_stdout(nowhere):
        for params in asked:
            rewards.append(reward_function(params))
            if time.monotonic() > end:
                break
    return DryLap(len(rewards), min(rewards), max(rewards))


def _drive(track: Track, scenes: SceneSource | None, stretch: _Stretch) -> Iterator[dict[str, Any]]:
    """The params of each step of an episode, which a crash does not end."""
    stage = Stage(scenes)
    place = stage.prepare(Start(track, stretch.begin * track.length), episode=0)
    states = _states(track, place.distance, stretch)
    start = next(states)
    stage.begin(start.time_ns)
    episode = Episode(track, EpisodeRules(), start, 0, stage.objects_at)
    waypoints = track.waypoints
    for state in states:
        if episode.last.status is EpisodeStatus.CRASHED:
            episode.put_back(episode.last.state, episode.last.distance)
        elif episode.last.done:
            return
        yield reward_params(track, waypoints, episode.advance(state))


def _states(track: Track, begin: float, stretch: _Stretch) -> Iterator[CarState]:
    """The car at the beginning and after each step, steered as the road bends."""
    turned = pi if stretch.speed < 0.0 else 0.0
    step_length = stretch.speed / CONTROL_RATE
    _, _, before = track.pose_at(begin)
    for step in range(stretch.steps + 1):
        x, y, yaw = track.pose_at(begin + step * step_length, step * stretch.drift / CONTROL_RATE)
        bend = (yaw - before + pi) % (2.0 * pi) - pi
        angle = atan(WHEELBASE * bend / step_length)
        before = yaw
        yield CarState(
            time_ns=frame_time_ns(step),
            x=x,
            y=y,
            yaw=yaw + turned,
            speed=hypot(stretch.speed, stretch.drift),
            steering_angle=min(max(angle, -MAX_STEERING_ANGLE), MAX_STEERING_ANGLE),
        )
