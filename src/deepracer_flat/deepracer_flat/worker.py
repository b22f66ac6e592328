"""A simulation worker in one process, without ROS and Gazebo: `flat_worker`.

It drives the flat world with the newest model of the store and sends the experience on as the nodes
of a Gazebo worker do; the trainer cannot tell them apart. It also drives evaluations.
"""

import argparse
import logging
import signal
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import cv2
import numpy as np
from deepracer_core.die_with_parent import die_with_parent
from deepracer_core.episode import EpisodeRecord
from deepracer_core.errors import ConfigurationError
from deepracer_core.evaluation_results import DrivenLine, write_results
from deepracer_core.experience_transport import create_buffer, create_pace, create_publisher
from deepracer_core.frame_stack import FrameStack
from deepracer_core.lite_policy import LitePolicy, PolicyError, RandomPolicy
from deepracer_core.model_metadata import ModelMetadata, load_model_metadata
from deepracer_core.model_store import StoreError, open_model_store
from deepracer_core.model_watcher import ModelWatcher, choose_version, load_acting_model
from deepracer_core.pace import NO_MODEL_CAME
from deepracer_core.parameters import load_parameters, parameter
from deepracer_core.race_scenes import parse_race_type
from deepracer_core.records_writer import RecordsWriter
from deepracer_core.redis_connection import RedisUnavailable, connect
from deepracer_core.reward import RewardError
from deepracer_core.rollout import ResetError, Rollout
from deepracer_core.rollout_parameters import RolloutParameters, create_race, create_writer
from deepracer_core.rollout_publisher import RolloutPublisher
from deepracer_core.run_status import RunStatus
from deepracer_core.segment import encode
from deepracer_core.simulation import CONTROL_RATE
from deepracer_core.telemetry.episodes import EpisodeTelemetry, acts
from deepracer_core.telemetry.identity import identify, identify_worker
from deepracer_core.telemetry.log import start_log
from deepracer_core.telemetry.metrics import Metrics, open_metrics
from deepracer_core.track_library import load_track

from deepracer_flat.flat_simulator import FlatSimulator
from deepracer_flat.frame_feed import FedFrame, FrameFeed
from deepracer_flat.race_loop import RaceLoop, car_state
from deepracer_flat.sensing import cameras_of, create_sense

FLUSH_DEADLINE_S = 2.0
"""Seconds to deliver the last experience at the end."""

_MODEL_CHECK_S = 0.01
"""Seconds between looks for the model that is waited for."""

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class WorkerParameters(RolloutParameters):
    """What a worker is told: all that a rollout is, and what the agent and the camera are."""

    model: str = parameter("best", "for evaluation: best, latest, or the number of a version")
    camera_width: int = parameter(160, "width of the camera's pictures", lowest=16, highest=4096)
    camera_height: int = parameter(120, "height of them", lowest=16, highest=4096)
    camera_rate: int = parameter(
        CONTROL_RATE, "pictures in a second, a divisor of 15", lowest=1, highest=CONTROL_RATE
    )
    frame_feed: str = parameter("", "Unix socket on which live video is told of frames, if any")


class FlatWorker:
    """Drives until it is told to stop, or an evaluation has driven its trials.

    Args:
        given: what it is told.
        stop: when set, it ends soon.
        metrics: where its metrics go.

    Raises:
        ConfigurationError: a file, a name or an address cannot be used.
        PolicyError, StoreError: the model that was asked for cannot be loaded.
        RedisUnavailable: nobody answers at the address.
    """

    def __init__(self, given: WorkerParameters, stop: threading.Event, metrics: Metrics) -> None:
        self._given = given
        self._stop = stop
        self._metadata = load_model_metadata(given.model_metadata)
        self._buffer: RolloutPublisher | None = None
        self._writer: RecordsWriter | None = create_writer(given)
        self._records: list[EpisodeRecord] = []
        self._lines: list[DrivenLine] = []
        self._version = 0
        self._models: ModelWatcher | None = None
        self._rng = np.random.default_rng(given.seed)
        self._frames = FrameStack(1)

        first_episode = trained = 0
        store = open_model_store(given.store)
        actions = self._metadata.action_space
        self._policy: LitePolicy | RandomPolicy = RandomPolicy(actions)
        if given.mode == "training":
            client = connect(given.redis)
            status = RunStatus(client, given.run)
            first_episode = status.begin_worker(given.worker)
            trained = status.trained(given.worker)
            experience = create_buffer(given, client)
            self._buffer = create_publisher(given, experience, status)
            # A folder costs little to look at, and here a quarter of a second is a thousand steps.
            is_near = not given.store.startswith("s3://")
            self._models = ModelWatcher(store, self._metadata, 0.02 if is_near else 0.25)
            self._models.start()
            version = self._models.seen
            self._pace = create_pace(given, self._buffer, experience, status, version)
        else:
            version = choose_version(store, given.model)
            model = load_acting_model(store, version, self._metadata)
            self._version, self._policy = model.version, model.policy
        self._telemetry = EpisodeTelemetry(metrics, self._buffer, self._writer)
        self._race = create_race(given, first_episode, trained)
        self._simulator = _create_simulator(given, self._metadata)
        self._loop = _create_loop(given, self._metadata, self._race, self._simulator)
        self._feed = FrameFeed(given.frame_feed) if given.frame_feed else None

    def run(self) -> None:
        """Drive.

        Raises:
            RewardError: the user's reward function failed.
            ResetError: see `Rollout`.
        """
        loop, actions = self._loop, self._metadata.action_space
        while not self._stop.is_set() and not self._race.finished:
            loop.begin()
            if loop.judgement.begins:
                if self._models is not None and not self._keep_pace(self._models):
                    return
                self._begin(loop.judgement.episode)
            while loop.judgement.to_act and not self._stop.is_set():
                stacked = self._frames.add(loop.observation)
                greedy = loop.judgement.evaluates
                action = self._policy.act(stacked, self._rng, greedy=greedy)
                loop.act(actions.command(action), self._version)
                self._take()
        if self._race.finished and self._given.results:
            write_results(Path(self._given.results), self._records, self._lines)

    def close(self) -> None:
        """Send and write down what is complete, then let go of store and Redis."""
        if self._feed is not None:
            self._feed.close()
        if self._models is not None:
            self._models.close()
        if self._buffer is not None and (left := self._buffer.close(FLUSH_DEADLINE_S)):
            _LOG.warning("%d segments or records were not delivered", left)
        if self._writer is not None and (left := self._writer.close()):
            _LOG.warning("%d episodes leave no trace: the store is away", left)
        self._telemetry.close()

    def _keep_pace(self, models: ModelWatcher) -> bool:
        """Wait for the model of what was driven; False when told to stop."""
        while models.seen < self._pace.needed_version:
            if self._stop.wait(_MODEL_CHECK_S):
                return False
            if self._pace.check():
                _LOG.info(NO_MODEL_CAME)
        return True

    def _begin(self, episode: int) -> None:
        newest = self._models.take() if self._models is not None else None
        if newest is not None:
            self._version, self._policy = newest.version, newest.policy
            acts(episode, self._version)
        identify(episode=episode, version=self._version)
        self._frames = FrameStack(self._policy.stack_size)
        # An episode's actions depend on its number alone, not on how the ones before it went.
        self._rng = np.random.default_rng([self._given.seed, self._given.worker, episode])

    def _tell(self, feed: FrameFeed) -> None:
        """Tell live video of the newest frame."""
        state, judgement = car_state(self._loop.frame), self._loop.judgement
        feed.tell(FedFrame(state, judgement, self._version, self._simulator.objects))

    def _take(self) -> None:
        race = self._race
        if self._feed is not None and self._feed.is_due():
            self._tell(self._feed)
        for loss in race.take_losses():
            self._telemetry.lost(loss)
        for segment in race.take_segments():
            if self._buffer is not None:
                ends = segment.terminated or segment.truncated
                self._buffer.segment(encode(segment), len(segment), ends_episode=ends)
                self._pace.sent(len(segment), ends_episode=ends)
        for trace in race.take_traces():
            if self._writer is not None:
                self._writer.episode(trace)
            if self._given.results:
                self._lines.append(DrivenLine.of(trace))
        for record in race.take_records():
            self._telemetry.ended(record)
            if self._buffer is not None:
                self._buffer.episode(record)
            else:
                self._records.append(record)


def _create_simulator(given: WorkerParameters, metadata: ModelMetadata) -> FlatSimulator:
    return FlatSimulator(
        load_track(given.track),
        cameras_of(metadata.sensors),
        camera_size=(given.camera_width, given.camera_height),
        camera_rate=given.camera_rate,
        is_gray=True,
    )


def _create_loop(
    given: WorkerParameters, metadata: ModelMetadata, race: Rollout, simulator: FlatSimulator
) -> RaceLoop:
    sense = create_sense(
        metadata.sensors,
        simulator,
        parse_race_type(given.race_type),
        seed=given.seed,
        worker=given.worker,
    )
    return RaceLoop(simulator, race, sense)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a worker from the command line.

    Returns:
        The exit code: 0 after a requested stop or an evaluation's end, 1 after a fault outside this
        program, 2 when the configuration is unusable, the user's reward function included.
    """
    parser = argparse.ArgumentParser(prog="flat_worker", description=__doc__)
    parser.add_argument(
        "parameters",
        help="JSON file with any of " + ", ".join(entry.name for entry in fields(WorkerParameters)),
    )
    options = parser.parse_args(arguments)
    die_with_parent()
    # One worker, one core: the others are for the trainer and for other workers.
    cv2.setNumThreads(1)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    worker = None
    try:
        settings = start_log("flat_worker")
        given = load_parameters(options.parameters, WorkerParameters)
        identify_worker(given)
        worker = FlatWorker(given, stop, open_metrics(settings))
        worker.run()
    except (ConfigurationError, RewardError) as error:
        _LOG.error("%s", error)
        return 2
    except (PolicyError, RedisUnavailable, ResetError, StoreError) as error:
        _LOG.error("%s", error)
        return 1
    finally:
        if worker is not None:
            worker.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
