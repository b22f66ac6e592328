"""Runs to write down: whole races without a simulator, some laps complete and some not."""

import importlib.util
import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType

from deepracer_core.action_space import Command
from deepracer_core.episode import CarState, EpisodeRecord
from deepracer_core.judgement import Judgement
from deepracer_core.model_store import Storage
from deepracer_core.records import EvaluationRecords, Records, TrainingRecords
from deepracer_core.records_writer import RecordsWriter
from deepracer_core.trace import TracedEpisode
from deepracer_core.track import Track

TESTS = Path(__file__).parents[1]


def load(name: str, path: Path) -> ModuleType:
    """A module of another folder of tests, by its file."""
    if name not in sys.modules:
        specification = importlib.util.spec_from_file_location(name, path)
        sys.modules[name] = importlib.util.module_from_spec(specification)
        specification.loader.exec_module(sys.modules[name])
    return sys.modules[name]


rules = load("tests_of_rules", TESTS / "rules" / "conftest.py")


@dataclass
class Race(rules.Race):
    """A race whose traces are kept, as the rollout node keeps them."""

    traces: list[TracedEpisode] = field(default_factory=list)

    def drain(self) -> None:
        super().drain()
        self.traces += self.rollout.take_traces()


def mixed_driver(track: Track, state: CarState, judgement: Judgement) -> Command:
    """Every third episode leaves the road; the others are driven home, not all as fast."""
    if judgement.episode % 3 == 2:
        return Command(0.0, 1.0)
    return rules.follow_center(track, state, speed=1.0 if judgement.episode % 2 else 0.6)


def race(track: Track, driver=mixed_driver, **options: object) -> Race:
    made = rules.make_race(track, driver, **options)
    return Race(made.rollout, track, driver)


def drive_traces(track: Track, episodes: int, **options: object) -> list[TracedEpisode]:
    """The traces of so many episodes."""
    driven = race(track, **options)
    driven.drive(episodes)
    return driven.traces[:episodes]


def write_down(records: Records, traces: list[TracedEpisode]) -> None:
    """As the rollout node does it, from its beginning to its end."""
    writer = RecordsWriter(records)
    for trace in traces:
        writer.episode(trace)
    assert writer.close(deadline_s=30.0) == 0


def training(
    storage: Storage, worker: int = 0, workers: int = 1, size: int = 4, is_discrete: bool = True
) -> TrainingRecords:
    """Records of a worker with iterations of `size` episodes."""
    return TrainingRecords(
        storage,
        worker=worker,
        workers=workers,
        episodes_per_iteration=size,
        is_discrete=is_discrete,
    )


def train(
    storage: Storage, track: Track, worker: int = 0, workers: int = 1, episodes: int = 10
) -> list[EpisodeRecord]:
    """Drive and write down a training; what came of each episode."""
    traces = drive_traces(track, episodes, worker=worker)
    write_down(training(storage, worker, workers), traces)
    return [trace.record for trace in traces]


def evaluate(
    storage: Storage, track: Track, trials: int = 4, at: float = 1.7e9
) -> list[EpisodeRecord]:
    """Drive and write down an evaluation; what came of each trial."""
    traces = drive_traces(track, trials, mode="evaluation", trials=trials)
    write_down(EvaluationRecords(storage, is_discrete=True, wall_clock=lambda: at), traces)
    return [trace.record for trace in traces]
