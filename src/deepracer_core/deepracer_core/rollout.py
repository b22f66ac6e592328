"""The Markov decision process around the simulator: rewards, end states, resets, segments, records.

Free of ROS: a node feeds it what happens on the graph and publishes what it answers.
"""

from collections.abc import Callable
from dataclasses import replace
from math import hypot, pi
from time import time
from typing import Literal

from deepracer_core.action_space import ActionSpace, Command
from deepracer_core.answers import Answer, Answers
from deepracer_core.conditions import Conditions
from deepracer_core.episode import (
    CarState,
    Episode,
    EpisodeRecord,
    EpisodeRules,
    EpisodeStatus,
    EpisodeStep,
)
from deepracer_core.episode_experience import SegmentSource
from deepracer_core.episode_tracer import EpisodeTracer
from deepracer_core.evaluation_schedule import EvaluationSchedule
from deepracer_core.journal import Journal, Loss
from deepracer_core.judgement import Judgement, Placement, Reset
from deepracer_core.observation import Observation
from deepracer_core.race_objects import SceneSource
from deepracer_core.randomisation import Randomisation
from deepracer_core.reward import RewardFunction, reward_params
from deepracer_core.segment import Segment
from deepracer_core.simulation import CONTROL_RATE
from deepracer_core.stage import Stage
from deepracer_core.starts import Start, StartPositions
from deepracer_core.trace import TracedEpisode
from deepracer_core.track import Track
from deepracer_core.trial import Trial, TrialRules

__all__ = ["Judgement", "Loss", "Placement", "Reset", "ResetError", "Rollout"]

MAX_RESETS = 10
"""So often in a row the simulator is asked to put the car somewhere."""

_STEP_NS = 1e9 / CONTROL_RATE
_POSITION_TOLERANCE = 0.01
_YAW_TOLERANCE = 0.02
"""A car nearer than this to the pose asked for is there: metres, radians. It settles a little."""


class ResetError(RuntimeError):
    """The simulator does not put the car where it is asked to."""


class Rollout:
    """Joins states, observations, commands and policy versions by frame time into experience.

    Events may come in any order between topics, and more than once: the segments are the same.
    States come in the order of their frames. Each call returns nothing; what it led to is drained
    by the `take_...` methods. A frame that comes again is answered again as before.

    What goes wrong:

    * The simulator starts anew (its clock goes back), or a frame is missing within an episode: the
      episode is given up and the car reset. Segments that were taken before stand; they are
      complete in themselves. The rest is a `Loss`, not a record, so that means over records are
      means over races; a trial of an evaluation is repeated.
    * An agent does not answer: nothing moves and nothing is lost. When another one answers in its
      place with another policy version, the episode is given up in the same way.
    * An observation, a command or a policy version never comes: the segments that need it are given
      up when `journal.MAX_OPEN_EPISODES` later ones have begun.
    * The simulator does not put the car where it is asked to: it is asked again, then `ResetError`.
    """

    def __init__(
        self,
        reward_function: RewardFunction,
        action_space: ActionSpace,
        starts: StartPositions,
        rules: EpisodeRules,
        *,
        run: str,
        worker: int = 0,
        seed: int = 0,
        segment_length: int = 32,
        mode: Literal["training", "evaluation"] = "training",
        trials: int = 3,
        first_episode: int = 0,
        trial_rules: TrialRules | None = None,
        scenes: SceneSource | None = None,
        randomisation: Randomisation | None = None,
        evaluation_share: float = 0.0,
        wall_clock: Callable[[], float] = time,
    ) -> None:
        """Prepare for the first state.

        Args:
            reward_function: rewards each step.
            action_space: makes actions of commands.
            starts: where episodes begin.
            rules: when they end.
            run: name of the training run.
            worker: index of this simulation worker.
            seed: of this worker, noted in its segments.
            segment_length: steps in a segment; the last one of an episode can be shorter.
            mode: in evaluation no segments are made, and `trials` episodes are driven.
            trials: number of episodes of an evaluation.
            first_episode: number of the first one; of a worker that goes on after a restart, one
                that it has not had.
            trial_rules: of an evaluation: whether the car is put back, and what that costs.
            scenes: what else is on the road; None in a time trial.
            randomisation: draws the conditions of each episode; None: they never change. A lap that
                goes on where the last one ended is driven in the conditions of that one.
            evaluation_share: of the steps of a training that evaluations may take: episodes from
                `starts.line`, without exploration and without segments.
            wall_clock: unix time in seconds.
        """
        if segment_length < 1:
            raise ValueError(f"segment_length: expected at least 1, got {segment_length}")
        self._reward_function = reward_function
        self._action_space = action_space
        self._starts = starts
        self._rules = rules
        self._mode = mode
        self._trials_left = trials if mode == "evaluation" else None
        # In training the first end state ends the episode.
        self._trial_rules = (mode == "evaluation" and trial_rules) or TrialRules()
        self._trial = Trial(self._trial_rules)
        self._stage = Stage(scenes)
        self._randomisation = randomisation
        self._worker = worker
        self._wall_clock = wall_clock
        self._journal = Journal(
            SegmentSource(run, worker, seed, segment_length, action_space.is_discrete),
            awaits_policy=mode == "training",
        )
        self._schedule = EvaluationSchedule(evaluation_share)
        self._evaluates = self._evaluates_next = mode == "evaluation"
        self._tracer = EpisodeTracer(wall_clock)

        self._number = first_episode
        self._episode: Episode | None = None
        self._waypoints: list[tuple[float, float]] = []
        self._return = 0.0
        self._start: Start | None = None
        self._resets_asked = 0
        self._last: CarState | None = None
        self._answers = Answers()

    def state(self, state: CarState) -> None:
        """The car in a new frame.

        Raises:
            RewardError: the reward function failed on the step that led to it.
            ResetError: the car is not where it was asked to be, time and again.
        """
        if self._answers.repeat(state):
            return
        self._check_continuity(state)
        self._last = state
        if self._episode is not None and self._start is None:
            self._advance(self._episode, state)
        elif self._start is not None and _is_at(state, self._start):
            if self._episode is None:
                self._stage.begin(state.time_ns)
                self._begin(self._start.track, state)
            else:
                self._go_on(self._episode, self._start, state)
        else:
            self._await_reset(state)
        self._journal.frame(state.time_ns)

    def observation(self, time_ns: int, observation: Observation) -> None:
        """What the agent saw in a frame; it is kept, not copied."""
        self._journal.observation(time_ns, observation)
        self._answers.observed(time_ns)

    def command(self, time_ns: int, command: Command) -> None:
        """How the agent answered a frame."""
        action = self._action_space.action(command)
        self._journal.action(time_ns, action)
        self._tracer.answer(time_ns, command, action)

    def policy(self, episode: int, version: int) -> None:
        """Which policy version acts in an episode.

        Raises:
            ResetError: see `state`.
        """
        self._schedule.acts(version)
        broken = self._journal.policy(episode, version)
        if broken is not None and self._last is not None:
            self._give_up_episode(broken)
            self._await_reset(self._last)

    def take_judgements(self) -> list[Judgement]:
        """One for each state since the last call."""
        return self._answers.take_judgements()

    def take_resets(self) -> list[Reset]:
        """What the simulator is to be asked for, once the frame's observation has come."""
        return self._answers.take_resets()

    def take_placements(self) -> list[Placement]:
        """Where the objects are to be, one for each state; none in a time trial."""
        return self._answers.take_placements()

    def take_segments(self) -> list[Segment]:
        """Complete segments, in the order in which they were driven. None in evaluation."""
        return self._journal.take_segments()

    def take_records(self) -> list[EpisodeRecord]:
        """Of episodes that ended; in training once their policy version is known."""
        return self._journal.take_records()

    def take_traces(self) -> list[TracedEpisode]:
        """Of episodes that ended, frame by frame; in their order, also in evaluation."""
        return self._tracer.take()

    def take_losses(self) -> list[Loss]:
        """Of experience that was given up."""
        return self._journal.take_losses()

    @property
    def finished(self) -> bool:
        """All trials of an evaluation are driven; never so in training."""
        return self._trials_left == 0

    def _check_continuity(self, state: CarState) -> None:
        """Give up the episode when the frame is not the one after the last."""
        if self._last is None:
            return
        elapsed = state.time_ns - self._last.time_ns
        if elapsed <= 0:
            reason = f"the clock went back from {self._last.time_ns} to {state.time_ns} ns"
            if self._episode is not None:
                self._give_up_episode(reason)
            self._journal.clock_went_back(state.time_ns, reason)
            self._answers.forget()
        elif self._episode is not None and not 0.5 < elapsed / _STEP_NS < 1.5:
            self._give_up_episode(
                f"expected {_STEP_NS:.0f} ns from one frame to the next, got {elapsed}"
            )

    def _begin(self, track: Track, state: CarState) -> None:
        self._evaluates = self._evaluates_next
        self._episode = Episode(track, self._rules, state, self._number, self._stage.objects_at)
        self._trial = Trial(self._trial_rules)
        self._waypoints = track.waypoints
        self._return = 0.0
        self._start, self._resets_asked = None, 0
        self._journal.begin(
            self._number, track.name, state.time_ns, keeps_experience=not self._evaluates
        )
        self._tracer.begin(track, self._episode.begin)
        self._number += 1
        self._judge(self._episode, 0.0)

    def _go_on(self, episode: Episode, place: Start, state: CarState) -> None:
        """The car is where it was put back."""
        self._start, self._resets_asked = None, 0
        step = episode.put_back(state, place.distance)
        self._journal.step(state.time_ns, 0.0, terminated=step.terminated, truncated=step.truncated)
        pause = replace(step, status=EpisodeStatus.PAUSE)
        self._tracer.step(pause, 0.0, self._trial.penalty_s)
        self._judge(episode, 0.0)

    def _advance(self, episode: Episode, state: CarState) -> None:
        step = episode.advance(state)
        reward = self._reward_function(reward_params(episode.track, self._waypoints, step))
        self._return += reward
        self._journal.step(
            state.time_ns, reward, terminated=step.terminated, truncated=step.truncated
        )
        self._tracer.step(step, reward, self._trial.penalty_s)
        reset = None
        if step.done and self._trial.puts_back(step.status, steps_left=episode.steps_left):
            self._start = self._stage.free_place(episode.track, step.distance, state.time_ns)
            reset = self._ask_reset(state)
        elif step.done:
            record = self._record(episode, step)
            self._journal.end(record)
            self._tracer.end(record)
            self._episode = None
            self._schedule.ended(step.step, is_evaluation=self._evaluates)
            if self._trials_left is not None:
                self._trials_left -= 1
            if self.finished:
                self._tracer.release()
            if self._lap_goes_on(episode, step):
                # This frame is the end of one lap and the beginning of the next.
                self._begin(episode.track, state)
                return
            reset = self._ask_reset(state)
        self._judge(episode, reward, reset)

    def _lap_goes_on(self, episode: Episode, step: EpisodeStep) -> bool:
        return (
            self._trial_rules.is_continuous
            and episode.track.closed
            and step.status is EpisodeStatus.LAP_COMPLETE
            and not self.finished
        )

    def _record(self, episode: Episode, step: EpisodeStep) -> EpisodeRecord:
        return EpisodeRecord(
            worker=self._worker,
            number=episode.number,
            mode="evaluation" if self._evaluates else "training",
            policy_version=None,
            status=step.status,
            steps=step.step,
            progress=step.progress,
            reward=self._return,
            duration_s=self._time_s(episode),
            start_distance=episode.start_distance,
            wall_clock=self._wall_clock(),
            track=episode.track.name,
            reversed=episode.track.is_reversed,
            penalty_s=self._trial.penalty_s,
            crash_count=self._trial.count(EpisodeStatus.CRASHED),
            off_track_count=self._trial.count(EpisodeStatus.OFF_TRACK),
            immobilized_count=self._trial.count(EpisodeStatus.IMMOBILIZED),
            reversed_count=self._trial.count(EpisodeStatus.REVERSED),
            reset_count=self._trial.resets,
        )

    def _give_up_episode(self, reason: str) -> None:
        self._journal.give_up(reason)
        self._tracer.give_up()
        self._episode = None
        # It may just have been put back: the next one begins elsewhere.
        self._start, self._resets_asked = None, 0

    def _judge(self, episode: Episode, reward: float, reset: Reset | None = None) -> None:
        step = episode.last
        judgement = Judgement(
            time_ns=step.state.time_ns,
            episode=episode.number,
            step=step.step,
            status=step.status,
            begins=step.step == 0,
            evaluates=self._evaluates,
            progress=step.progress,
            reward=reward,
            total_reward=self._return,
            time_s=self._time_s(episode),
        )
        self._answer(step.state, judgement, reset)

    def _await_reset(self, state: CarState) -> None:
        judgement = Judgement(state.time_ns, self._number, 0, EpisodeStatus.PREPARE, begins=False)
        if self._episode is not None:
            last = self._episode.last
            judgement = replace(
                judgement,
                episode=self._episode.number,
                step=last.step,
                status=EpisodeStatus.PAUSE,
                progress=last.progress,
                total_reward=self._return,
                time_s=self._time_s(self._episode),
            )
        self._answer(state, judgement, self._ask_reset(state))

    def _time_s(self, episode: Episode) -> float:
        """Of the episode so far, with its penalties."""
        driven_ns = episode.last.state.time_ns - episode.begin.state.time_ns
        return driven_ns / 1e9 + self._trial.penalty_s

    def _ask_reset(self, state: CarState) -> Reset | None:
        """Ask for the next start, or again for the one that was asked for."""
        if self.finished:
            return None
        if self._start is None:
            self._start = self._stage.prepare(self._next_start(), self._number)
        x, y, yaw = self._start.track.pose_at(self._start.distance)
        if self._resets_asked == MAX_RESETS:
            raise ResetError(
                f"the simulator was asked {MAX_RESETS} times to put the car at x {x:.3f} m, "
                f"y {y:.3f} m, yaw {yaw:.3f} rad, and it is at {state.x:.3f}, {state.y:.3f}, "
                f"{state.yaw:.3f}: is something else driving it, or is the world another track's?"
            )
        self._resets_asked += 1
        return Reset(state.time_ns, x, y, yaw, self._conditions())

    def _next_start(self) -> Start:
        if self._mode == "evaluation":
            return self._starts.next()
        self._evaluates_next = self._schedule.is_due
        return self._starts.line if self._evaluates_next else self._starts.next()

    def _conditions(self) -> Conditions | None:
        """Of the episode in which the car is put back, or of the one that comes."""
        if self._randomisation is None:
            return None
        number = self._number if self._episode is None else self._episode.number
        return self._randomisation.conditions(number)

    def _answer(self, state: CarState, judgement: Judgement, reset: Reset | None) -> None:
        placement = self._stage.placement(state.time_ns)
        self._answers.give(Answer(state, judgement, reset, placement))


def _is_at(state: CarState, start: Start) -> bool:
    x, y, yaw = start.track.pose_at(start.distance)
    turned = (state.yaw - yaw + pi) % (2.0 * pi) - pi
    return hypot(state.x - x, state.y - y) < _POSITION_TOLERANCE and abs(turned) < _YAW_TOLERANCE
