"""The trace of a run in its public form: a row for each frame of an episode, after its step.

The columns and their formats are those that the tools around DeepRacer read. The first row of an
episode is its beginning: step 0, status prepare, before any action. So the time from the first row
to the last is the time that was driven, and the rewards of the rows are the episode's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import degrees
from typing import NamedTuple

from deepracer_core.action_space import Action, Command
from deepracer_core.episode import EpisodeRecord, EpisodeStatus, EpisodeStep
from deepracer_core.track import Track

TRACE_HEADER = (
    "episode,steps,X,Y,yaw,steer,throttle,action,reward,done,all_wheels_on_track,progress,"
    "closest_waypoint,track_len,tstamp,episode_status,pause_duration,obstacle_crash_counter,"
    "wall_clock"
)
TRACE_LOG = "SIM_TRACE_LOG:"
"""What a row begins with on the log."""

_ROW = "%d,%d,%.4f,%.4f,%.4f,%.2f,%.2f,%s,%.4f,%s,%s,%.4f,%d,%.2f,%s,%s,%.2f,%d,%.4f"
_NO_ACTION = -1
_MOST_WITHOUT_LAP = 99.9999
"""Percent: tools take 100 for a complete lap, and four digits would round up to it."""


class Answer(NamedTuple):
    """How the agent answered a frame."""

    command: Command
    action: Action


@dataclass(frozen=True, slots=True)
class TracedEpisode:
    """An episode that ended, frame by frame.

    Attributes:
        record: how it went.
        track: in the direction in which it was driven.
        steps: its beginning, which is step 0, and its N steps.
        answers: to each frame but the last, N; None where none was seen, as when the car was put
            back instead.
        rewards: of each of `steps`, N + 1.
        penalties: seconds of penalties up to each of `steps`, N + 1.
        wall_clocks: when each of `steps` was judged, unix time in seconds, N + 1.
    """

    record: EpisodeRecord
    track: Track
    steps: Sequence[EpisodeStep]
    answers: Sequence[Answer | None]
    rewards: Sequence[float]
    penalties: Sequence[float]
    wall_clocks: Sequence[float]


def trace_rows(episode: TracedEpisode, number: int, is_discrete: bool) -> list[str]:
    """An episode as rows of the trace, without line ends.

    Args:
        episode: what was driven.
        number: under which the trace has it, from 0.
        is_discrete: whether an action is an index; else it is written `[degrees m/s]`.
    """
    track = episode.track
    crashes = 0
    penalty_s = 0.0
    rows = []
    for index, step in enumerate(episode.steps):
        state = step.state
        answer = episode.answers[index - 1] if index > 0 else None
        if answer is not None:
            steering_deg, speed = degrees(answer.command.steering_angle), answer.command.speed
        else:
            steering_deg, speed = degrees(state.steering_angle), state.speed
        if not is_discrete:
            action = f"[{steering_deg:.4f} {speed:.4f}]"
        else:
            action = str(_NO_ACTION if answer is None else answer.action)
        crashes += step.status is EpisodeStatus.CRASHED
        pause_s, penalty_s = episode.penalties[index] - penalty_s, episode.penalties[index]
        rows.append(
            _ROW
            % (
                number,
                step.step,
                state.x,
                state.y,
                degrees(state.yaw),
                steering_deg,
                speed,
                action,
                episode.rewards[index],
                step.done,
                step.all_wheels_on_track,
                shown_progress(step.progress, step.status),
                track.closest_waypoints(step.distance)[0],
                track.length,
                state.time_ns / 1e9,
                step.status.value,
                pause_s,
                crashes,
                episode.wall_clocks[index],
            )
        )
    return rows


def shown_progress(progress: float, status: EpisodeStatus) -> float:
    """Progress in percent as tools are told it: 100 means that the lap is complete."""
    if status is EpisodeStatus.LAP_COMPLETE:
        return progress
    return min(progress, _MOST_WITHOUT_LAP)
