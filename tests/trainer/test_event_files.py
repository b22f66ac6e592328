"""TensorBoard's event files, read back by TensorFlow's own reader."""

import json
import logging

import tensorflow as tf
from deepracer_core.episode import EpisodeRecord, EpisodeStatus
from deepracer_core.telemetry.metrics import Metrics
from deepracer_trainer.event_files import EventFiles
from deepracer_trainer.report import TrainingReport


def record(worker: int, number: int, **values: object) -> EpisodeRecord:
    return EpisodeRecord(
        **{
            "worker": worker,
            "number": number,
            "mode": "training",
            "policy_version": 2,
            "status": EpisodeStatus.OFF_TRACK,
            "steps": 40,
            "progress": 12.5,
            "reward": 10.0 + number,
            "duration_s": 2.7,
            "start_distance": 0.0,
            "wall_clock": 1.0e9 + number,
            **values,
        }
    )


def read(folder) -> dict[str, list[tuple[int, float]]]:
    """Step and value of each point, by tag, of all files of a folder, the oldest first."""
    points: dict[str, list[tuple[int, float]]] = {}
    for path in sorted(folder.glob("*tfevents*")):
        first, *events = tf.compat.v1.train.summary_iterator(str(path))
        assert first.file_version == "brain.Event:2"
        for event in events:
            for value in event.summary.value:
                points.setdefault(value.tag, []).append((event.step, value.simple_value))
    return points


COUNTERS = {"iteration": 3, "episodes": 12, "steps": 800, "samples": 3200}


def test_updates_and_episodes_are_read_back(tmp_path):
    files = EventFiles(tmp_path)
    report = TrainingReport(Metrics(), files)
    report.episodes([("1-0", record(0, 7)), ("1-1", record(1, 4, progress=100.0))])
    report.iteration(3, COUNTERS, 0.25, {"losses/entropy": 1.25}, {"stale": 1, "broken": 0})
    # What has been written is there at once, for those who watch.
    trainer = read(tmp_path / "trainer")
    assert trainer["losses/entropy"] == [(800, 1.25)]
    assert trainer["charts/version"] == [(800, 3.0)]
    assert trainer["charts/stale_segments"] == [(800, 1.0)]
    assert read(tmp_path / "worker-0")["episodes/reward"] == [(7, 17.0)]
    assert read(tmp_path / "worker-1")["episodes/progress"] == [(4, 100.0)]
    report.close()


def test_a_trainer_that_goes_on_tells_no_episode_twice(tmp_path):
    first = TrainingReport(Metrics(), EventFiles(tmp_path))
    records = [(f"{1000 + number}-0", record(0, number)) for number in range(3)]
    first.episodes(records)
    first.close()
    again = TrainingReport(Metrics(), EventFiles(tmp_path))
    again.resumed(3, COUNTERS, last_episode=first.last_episode)
    again.episodes([*records, ("1002-1", record(0, 3)), ("999999-0", record(0, 4))])
    again.close()
    numbers = [step for step, _ in read(tmp_path / "worker-0")["episodes/reward"]]
    assert sorted(numbers) == [0, 1, 2, 3, 4]


def test_a_folder_that_cannot_be_written_is_told_once(tmp_path, caplog):
    (tmp_path / "file").write_text("in the way")
    report = TrainingReport(Metrics(), EventFiles(tmp_path / "file" / "tensorboard"))
    with caplog.at_level(logging.WARNING):
        for version in range(3):
            report.episodes([(f"{version}-1", record(0, version))])
            report.iteration(version, COUNTERS, 0.25, {}, {})
        report.close()
    (told,) = [each.getMessage() for each in caplog.records]
    assert told.startswith("no more event files for TensorBoard: ")


def test_an_iteration_is_an_event_with_its_numbers(caplog):
    report = TrainingReport(Metrics())
    with caplog.at_level(logging.INFO):
        report.iteration(4, COUNTERS, 0.25, {"losses/entropy": 1.25}, {"stale": 0, "broken": 0})
    (event,) = caplog.records
    assert event.getMessage() == (
        "iteration version=4 iteration=3 episodes=12 steps=800 samples=3200"
        " publish_s=0.25 entropy=1.25 stale=0 broken=0"
    )
    fields = {name: getattr(event, name) for name in ("event", "version", "losses/entropy")}
    assert json.dumps(fields) == '{"event": "iteration", "version": 4, "losses/entropy": 1.25}'
