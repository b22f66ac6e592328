"""The rules of the races in real Gazebo: a car that only goes straight on meets boxes and cars."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from agreement import agree
from deepracer.logs import DeepRacerLog
from deepracer_core.episode import EpisodeStatus
from deepracer_core.evaluation_results import read_results
from deepracer_core.hyperparameters import Hyperparameters
from deepracer_core.model_metadata import load_model_metadata
from deepracer_core.model_store import open_model_store, open_storage
from deepracer_core.recordings import Recordings
from deepracer_core.redis_connection import connect
from deepracer_core.run_status import RunStatus
from deepracer_core.simulation import CONTROL_RATE
from deepracer_core.track_library import load_track
from deepracer_trainer.checkpoint import policy_file
from deepracer_trainer.learner import build_learner
from end_to_end import simulation

TRACK = "meadow_loop"
STRAIGHT_ON = 1
METADATA = {
    "action_space": [{"steering_angle": angle, "speed": 1.0} for angle in (-30, 0, 30)],
    "neural_network": "SMALL_CONVOLUTIONAL_NETWORK",
}
REWARD_FUNCTION = """
import json

NOTES = open({notes!r}, "a", buffering=1)
NOTED = ("sim_time", "x", "is_crashed", "closest_objects", "object_in_camera", "objects_distance",
         "objects_speed", "objects_left_of_center", "objects_location")

def reward_function(params):
    print(json.dumps({{name: params[name] for name in NOTED}}), file=NOTES)
    return 1.0
"""


@pytest.fixture
def given(tmp_path: Path) -> dict[str, Path]:
    """Launch arguments: a model that goes straight on, and a reward function that takes notes."""
    metadata = tmp_path / "model_metadata.json"
    metadata.write_text(json.dumps(METADATA), encoding="utf-8")
    learner = build_learner(load_model_metadata(metadata), Hyperparameters(), seed=0)
    policy = learner.network.get_layer("policy")
    kernel, bias = policy.get_weights()
    # Sure of it in training, too, where actions are drawn.
    policy.set_weights([0.0 * kernel, 100.0 * np.eye(len(bias), dtype=np.float32)[STRAIGHT_ON]])
    store = tmp_path / "store"
    open_model_store(str(store)).publish(1, policy_file(learner.network), {})
    reward_function = tmp_path / "reward_function.py"
    reward_function.write_text(REWARD_FUNCTION.format(notes=str(tmp_path / "notes")))
    return {"store": store, "model_metadata": metadata, "reward_function": reward_function}


def notes(folder: Path) -> list[dict]:
    """What the reward function was told in each step."""
    return [json.loads(line) for line in (folder / "notes").read_text().splitlines()]


def test_a_crash_into_a_box_puts_the_car_back_and_costs_time(start, workplace, tmp_path, given):
    results = tmp_path / "results.json"
    evaluation = start(
        *simulation(
            workplace,
            mode="evaluation",
            trials=2,
            results=results,
            race_type="object_avoidance",
            object_positions="0.1,-1;0.1,1",
            number_of_resets=2,
            collision_penalty=4.5,
            **given,
        )
    )
    assert evaluation.process.wait(timeout=120) == 0, evaluation.tail()
    records = read_results(results)
    assert len(records) == 2
    for record in records:
        # The two boxes leave no way through: two times it is put back, the third ends the trial.
        assert record.status is EpisodeStatus.CRASHED
        assert (record.crash_count, record.reset_count, record.penalty_s) == (3, 2, 9.0)
        assert (record.off_track_count, record.policy_version) == (0, 1)
        # Putting it back takes a frame each time, which is no step.
        assert record.duration_s == pytest.approx((record.steps + 2) / CONTROL_RATE + 9.0, abs=1e-6)
        assert 5.0 < record.progress < 10.0

    recordings = Recordings(open_storage(str(given["store"])))
    (began,) = recordings.evaluations()
    for trial, record in zip(recordings.evaluation(began), records, strict=True):
        statuses = list(trial.statuses)
        crashes, pauses = (
            [row for row, status in enumerate(statuses) if status is wanted]
            for wanted in (EpisodeStatus.CRASHED, EpisodeStatus.PAUSE)
        )
        assert (len(statuses), len(crashes)) == (record.steps + 1 + 2, 3)
        assert pauses == [row + 1 for row in crashes[:2]]
        assert np.diff(trial.penalties, prepend=0.0)[pauses] == pytest.approx([4.5, 4.5])
        assert trial.penalties[-1] == 9.0
        # It is put on the centre line of the straight, back from the boxes.
        assert trial.y[pauses] == pytest.approx([0.0, 0.0], abs=2e-3)
        assert (trial.x[crashes[:2]] - trial.x[pauses] > 0.3).all()
        assert (np.diff(trial.progress)[[row - 1 for row in pauses]] < 0.0).all()
    told = notes(tmp_path)
    assert sum(step["is_crashed"] for step in told) == 6
    assert all(step["objects_speed"] == [0.0, 0.0] for step in told)

    metrics = next((given["store"] / "metrics").glob("EvaluationMetrics-*.json"))
    entries = json.loads(metrics.read_text())["metrics"]
    assert [(each["crash_count"], each["reset_count"]) for each in entries] == [(3, 2), (3, 2)]
    log = DeepRacerLog(str(given["store"]))
    log.load_evaluation_trace()
    # The tools' time is the simulated one, without penalties.
    driven = [replace(each, duration_s=each.duration_s - each.penalty_s) for each in records]
    agree(log.dataframe(), driven, is_eval=True)


def test_a_bot_car_changes_lanes_in_front_of_the_car(start, workplace, tmp_path, given):
    results = tmp_path / "results.json"
    evaluation = start(
        *simulation(
            workplace,
            mode="evaluation",
            trials=1,
            results=results,
            race_type="head_to_bot",
            number_of_bot_cars=8,
            bot_car_speed=0.2,
            is_lane_change="true",
            lower_lane_change_time=0.0,
            upper_lane_change_time=0.0,
            lane_change_distance=0.5,
            **given,
        )
    )
    assert evaluation.process.wait(timeout=120) == 0, evaluation.tail()
    (record,) = read_results(results)
    assert (record.status, record.crash_count) == (EpisodeStatus.CRASHED, 1)
    told = notes(tmp_path)
    assert [step["is_crashed"] for step in told] == [False] * (record.steps - 1) + [True]
    # The next one begins a ninth of the lap ahead, drives on, and crosses the car's way.
    length = load_track(TRACK).length
    next_one = np.array([step["objects_distance"][0] for step in told])
    driven = 0.2 * np.arange(1, len(told) + 1) / CONTROL_RATE
    assert next_one == pytest.approx(length / 9 + driven, abs=0.02)
    sides = [step["objects_left_of_center"][0] for step in told]
    assert sides == sorted(sides, reverse=True)
    assert (sides[0], sides[-1]) == (True, False)
    assert all(step["closest_objects"] == [7, 0] for step in told)
    assert all(step["object_in_camera"] for step in told)
    assert all(step["objects_speed"] == [0.2] * 8 for step in told)
    # The records, and so a video, have the cars where the reward function was told that they were.
    recordings = Recordings(open_storage(str(given["store"])))
    (trial,) = recordings.evaluation(*recordings.evaluations())
    assert len(trial.times) == 1 + len(told)
    for frame, step in enumerate(told, start=1):
        recorded = [(each.x, each.y) for each in trial.objects_at(frame)]
        assert np.array(recorded) == pytest.approx(np.array(step["objects_location"]), abs=6e-5)


def test_training_begins_at_each_place_in_both_directions(start, workplace, redis, tmp_path, given):
    status = RunStatus(connect(redis.url), "both")
    worker = start(
        *simulation(
            workplace,
            run="both",
            redis=redis.url,
            alternate_driving_direction="true",
            round_robin_advance_dist=0.2,
            start_position_offset=0.9,
            evaluation_share=0.0,
            **given,
        )
    )
    worker.wait_until(lambda: len(status.episodes()) >= 6)
    assert worker.stop() == 0, worker.tail()
    records = [record for _, record in status.episodes()][:6]
    assert [record.reversed for record in records] == [False, True] * 3
    length = load_track(TRACK).length
    shares = [record.start_distance / length for record in records]
    assert shares == pytest.approx([0.9, 0.1, 0.1, 0.9, 0.3, 0.7], abs=1e-3)
    assert {record.status for record in records} == {EpisodeStatus.OFF_TRACK}
    # What the car did in Gazebo: the same place, turned round.
    there, back = Recordings(open_storage(str(given["store"]))).training()[:2]
    assert (back.x[0], back.y[0]) == pytest.approx((there.x[0], there.y[0]), abs=0.01)
    assert np.cos(back.yaw[0] - there.yaw[0]) == pytest.approx(-1.0, abs=0.01)
    assert all(each.progress[-1] > 5.0 for each in (there, back))
