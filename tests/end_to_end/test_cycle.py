"""The whole cycle: drive, learn, publish, drive with what was learnt."""

from deepracer_core.model_store import open_model_store
from deepracer_core.redis_connection import connect
from deepracer_core.run_status import RunStatus
from end_to_end import launch_arguments


def test_two_new_versions_are_learnt_and_driven(start, workplace, redis, tmp_path, hyperparameters):
    store = open_model_store(str(tmp_path / "store"))
    status = RunStatus(connect(redis.url), "cycle")
    training = start(
        "ros2",
        "launch",
        "deepracer",
        "train.launch.py",
        *launch_arguments(
            workplace,
            run="cycle",
            redis=redis.url,
            store=tmp_path / "store",
            hyperparameters=hyperparameters,
            job_duration_in_seconds=600,
        ),
    )

    def driven() -> set[int]:
        return {record.policy_version for _, record in status.episodes()}

    def two_new_versions_are_driven() -> bool:
        # A short iteration can be over before an episode ends, so that its model never drives.
        return len(driven() - {0}) >= 2

    training.wait_until(two_new_versions_are_driven, deadline_s=240.0)
    first, second = store.load(1), store.load(2)
    assert first.files["policy.tflite"] != second.files["policy.tflite"]
    assert second.info["counters"]["steps"] > first.info["counters"]["steps"] > 0
    assert training.stop() == 0, training.tail()
    assert "process has died" not in training.tail(100_000)


def test_the_job_ends_when_its_duration_is_over(start, workplace, tmp_path, hyperparameters):
    training = start(
        "ros2",
        "launch",
        "deepracer",
        "train.launch.py",
        *launch_arguments(
            workplace,
            run="short",
            simulator="flat",
            redis_folder=tmp_path / "redis",
            store=tmp_path / "store",
            hyperparameters=hyperparameters,
            job_duration_in_seconds=5,
        ),
    )
    assert training.process.wait(timeout=90) == 0, training.tail()
    assert "training ended" in training.tail(100_000)
