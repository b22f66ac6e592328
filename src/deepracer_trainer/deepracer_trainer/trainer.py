"""The trainer's loop: gather experience, learn, publish the next version, until the job is over.

A fault that can pass (the store or Redis is away) is waited through; a batch that breaks the
learning is named, given up and undone; a stop leaves nothing half-done.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from statistics import fmean
from typing import Any, TypeVar

import redis
from deepracer_core.experience_buffer import ExperienceBuffer
from deepracer_core.experience_ledger import BufferStats
from deepracer_core.hyperparameters import Hyperparameters
from deepracer_core.model_store import ModelStore, StoreUnavailable
from deepracer_core.pace import LAG_WITHIN_EPISODE, MAX_POLICY_LAG, STEPS_BETWEEN_TRAINING
from deepracer_core.redis_connection import is_outage
from deepracer_core.run_status import RunStatus
from deepracer_core.telemetry.metrics import Metrics

from deepracer_trainer import checkpoint
from deepracer_trainer.best_version import BestVersion
from deepracer_trainer.checkpoint_folder import CheckpointFolder
from deepracer_trainer.experience import Collector, Iteration, name_segments
from deepracer_trainer.intake import Intake
from deepracer_trainer.learning import Learner, NonFiniteLossError, UpdateInterruptedError
from deepracer_trainer.old_versions import OldVersions
from deepracer_trainer.report import TrainingReport

_STORE_RETRY_S = 2.0

_LOG = logging.getLogger(__name__)
_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of the loop that the public hyperparameters do not have.

    Attributes:
        job_duration_s: wall-clock seconds after which the training ends.
        steps_between_training: an update begins at the latest after so many steps.
        max_policy_lag: an episode began with a policy at most so many versions behind; experience
            more than `LAG_WITHIN_EPISODE` older is dropped.
        keep_versions: newest versions that stay in the store, besides the best; 0: all versions.
        stop_after_laps: the training ends after so many complete laps in a row, driven in the
            evaluations of versions of this job; None: never.
    """

    job_duration_s: float
    steps_between_training: int = STEPS_BETWEEN_TRAINING
    max_policy_lag: int = MAX_POLICY_LAG
    keep_versions: int = 50
    stop_after_laps: int | None = None


@dataclass(frozen=True, slots=True)
class Counters:
    """What is in a version, counted since the first one, over all restarts.

    Attributes:
        iteration: updates made.
        episodes: episodes that ended in the experience learnt from.
        steps: steps learnt from.
        samples: steps times how often they were used.
    """

    iteration: int = 0
    episodes: int = 0
    steps: int = 0
    samples: int = 0


class JobOverError(Exception):
    """The job is over, or was stopped, while something was waited for."""


class Trainer:
    """Turns the experience buffer's segments into model versions.

    Args:
        learner: learns, and is what a version holds.
        buffer: where the segments come from.
        status: where the episode records are, and where the trainer tells its state.
        store: where versions go.
        hyperparameters: the user's.
        limits: see `Limits`.
        user_files: kept with each version, unchanged, by name.
        stop: when set, the training ends soon: an update under way is undone, and what it learnt
            from stays in the buffer.
        clock: monotonic seconds; the job's time counts from the construction.
        copies: where the newest versions are, too; for a training that can be interrupted.
        report: what tells how it gets on.
    """

    def __init__(
        self,
        learner: Learner,
        buffer: ExperienceBuffer,
        status: RunStatus,
        store: ModelStore,
        hyperparameters: Hyperparameters,
        limits: Limits,
        user_files: Mapping[str, bytes],
        stop: threading.Event,
        clock: Callable[[], float] = time.monotonic,
        copies: ModelStore | None = None,
        report: TrainingReport | None = None,
    ) -> None:
        self.version = 0
        self.counters = Counters()
        self.undone_updates = 0
        self._learner = learner
        self._buffer = buffer
        self._status = status
        self._store = store
        self._hyperparameters = hyperparameters
        self._limits = limits
        self._user_files = dict(user_files)
        self._clock = clock
        self._deadline = clock() + limits.job_duration_s
        self._stop = stop
        self._collector = Collector(
            episodes=hyperparameters.num_episodes_between_training,
            steps=limits.steps_between_training,
            stack_size=hyperparameters.stack_size,
        )
        self._oldest = limits.max_policy_lag + LAG_WITHIN_EPISODE
        self._intake = Intake(buffer, self._collector, learner, store, self._oldest)
        self._report = report or TrainingReport(Metrics())
        self._best = BestVersion(status, store, self._report.episodes)
        # The weights of those that may still have acted are needed after a restart.
        needed = self._oldest + 1
        self._old_versions = OldVersions(
            store, limits.keep_versions and max(limits.keep_versions, needed), clock
        )
        self._copies = None if copies is None else CheckpointFolder(copies, needed)
        self._metrics: dict[str, float] = {}

    def run(self) -> None:
        """Train until the job's time is over, a term condition is met, or it is told to stop.

        Raises:
            StoreError: the newest version cannot be read, or the store refuses a new one.
            CheckpointError: the newest version is of another network.
        """
        try:
            self._wait_for_store(self._resume)
            while not self._is_over():
                iteration = self._intake.claim(self.version)
                self._best.judge()
                self._tell("collecting")
                if iteration is not None:
                    self._learn(iteration)
        except JobOverError:
            pass
        # Simulations go home when a training has ended; one that was interrupted may come back.
        self._tell("interrupted" if self._stop.is_set() else "ended")
        self._report.ended(self.version, asdict(self.counters), self._best.most_laps_in_a_row)

    def _resume(self) -> None:
        """Go on from the store's newest version, if there is one, as if never interrupted."""
        version = self._store.recover()
        if version is None:
            _LOG.info("no model yet: the first policy acts at random")
            return
        stored = self._store.load(version)
        self._best.resume(version)
        self._learner.restore(checkpoint.read_state(stored.files, self._learner.state()))
        self._learner.remember(version, keep=self._oldest)
        self._intake.skip(stored.info["segments"])
        self.counters = Counters(**stored.info["counters"])
        self.version = version
        last_episode = stored.info.get("last_episode", "0")
        self._report.resumed(version, asdict(self.counters), last_episode)

    def _learn(self, iteration: Iteration) -> None:
        """Learn from an iteration, publish what came of it, then let go of its segments."""
        self._tell("learning")
        began = self._clock()
        try:
            losses = self._learner.update(iteration.trajectories, interrupted=self._is_over)
        except UpdateInterruptedError as error:
            raise JobOverError from error
        except NonFiniteLossError as error:
            self.undone_updates += 1
            where = ", ".join(name_segments(iteration.trajectories, error.steps))
            self._report.undone(self.undone_updates, f"{error}{where and f', in {where}'}")
            self._buffer.acknowledge(iteration.identifiers)
            return
        learnt = self._clock()
        samples = self._learner.samples(iteration.steps)
        before = self.counters
        counters = replace(
            before,
            iteration=before.iteration + 1,
            episodes=before.episodes + iteration.episodes,
            steps=before.steps + iteration.steps,
            samples=before.samples + samples,
        )
        acted = [t.policy_version for t in iteration.trajectories for _ in range(len(t))]
        self._metrics = {
            "charts/iteration_episodes": float(iteration.episodes),
            "charts/iteration_steps": float(iteration.steps),
            "charts/policy_lag": self.version - fmean(acted),
            "charts/samples_per_second": samples / max(learnt - began, 1e-9),
            **losses,
        }
        if iteration.returns:
            self._metrics["charts/episodic_return"] = fmean(iteration.returns)
        self._publish(iteration, counters)
        if self._learner.replay is None:  # else they stay, to be remembered after a restart
            self._buffer.acknowledge(iteration.identifiers)
        self._old_versions.prune()
        self._report.iteration(
            self.version,
            asdict(self.counters),
            self._clock() - learnt,
            self._metrics,
            asdict(self._intake.dropped),
            self._best.standing,
            self._buffer_stats(),
        )

    def _publish(self, iteration: Iteration, counters: Counters) -> None:
        """Store the learner as the next version."""
        version = self.version + 1
        files = {
            **self._user_files,
            **checkpoint.state_files(self._learner.state()),
            **checkpoint.policy_file(self._learner.network),
        }
        info = {
            "counters": asdict(counters),
            "metrics": self._metrics,
            "segments": list(iteration.identifiers),
            "last_episode": self._report.last_episode,
        }
        if self._copies is not None:
            self._copies.add(version, files, info)
        self._wait_for_store(lambda: self._store.publish(version, files, info))
        self._learner.remember(version, keep=self._oldest)
        self.version = version
        self.counters = counters

    def _wait_for_store(self, request: Callable[[], _Result]) -> _Result:
        """Do it as soon as the store is there. Says once that it waits.

        Raises:
            JobOverError: the job is over before.
        """
        is_waiting = False
        while True:
            try:
                result = request()
            except StoreUnavailable as error:
                if not is_waiting:
                    _LOG.warning("the trainer waits for the model store: %s", error)
                is_waiting = True
                self._tell("waiting for the model store")
                self._stop.wait(_STORE_RETRY_S)
                if self._is_over():
                    raise JobOverError from error
                continue
            if is_waiting:
                _LOG.warning("the model store is back")
            return result

    def _is_over(self) -> bool:
        score = self._metrics.get("charts/episodic_return", float("-inf"))
        laps, enough_laps = self._best.most_laps_in_a_row, self._limits.stop_after_laps
        return (
            self._stop.is_set()
            or self._clock() >= self._deadline
            or self.counters.episodes >= self._hyperparameters.term_cond_max_episodes
            or score >= self._hyperparameters.term_cond_avg_score
            or (enough_laps is not None and laps >= enough_laps)
        )

    def _buffer_stats(self) -> BufferStats | None:
        """What is in the buffer; None in an outage of Redis."""
        try:
            return self._buffer.stats()
        except redis.RedisError as error:
            if not is_outage(error):
                raise
            return None

    def _tell(self, state: str) -> None:
        """Tell the run what the trainer does; in an outage of Redis nobody is told."""
        best = self._best.standing
        status: dict[str, Any] = {
            "state": state,
            "version": self.version,
            "best_version": best.version if best else None,
            "best_mean_completion": best.mean_completion if best else None,
            "most_laps_in_a_row": self._best.most_laps_in_a_row,
            **asdict(self.counters),
            "gathered_episodes": self._collector.episodes,
            "gathered_steps": self._collector.steps,
            "stale_segments": self._intake.dropped.stale,
            "broken_segments": self._intake.dropped.broken,
            "undone_updates": self.undone_updates,
            "seconds_left": round(max(0.0, self._deadline - self._clock()), 1),
            "metrics": self._metrics,
        }
        try:
            held = self._buffer.stats()
            status |= {"lost_segments": held.lost, "late_objects": held.late}
            self._status.set_trainer(status)
        except redis.RedisError as error:
            if not is_outage(error):
                raise
