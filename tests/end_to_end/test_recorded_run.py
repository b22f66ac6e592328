"""What a real run writes down is what it drove, also when it is stopped and taken up again."""

from agreement import agree
from deepracer.logs import DeepRacerLog, SimulationLogsIO
from deepracer_core.episode import EpisodeRecord
from deepracer_core.evaluation_results import read_results
from deepracer_core.model_store import open_model_store
from deepracer_core.redis_connection import connect
from deepracer_core.run_status import RunStatus
from end_to_end import launch_arguments, simulation


def test_a_run_that_was_taken_up_again_and_its_evaluation(
    start, workplace, redis, tmp_path, hyperparameters
):
    store = tmp_path / "store"
    models = open_model_store(str(store))
    status = RunStatus(connect(redis.url), "written")

    def episodes() -> list[EpisodeRecord]:
        return [record for _, record in status.episodes() if record.mode == "training"]

    printed = []
    for least in (3, 8):
        training = start(
            "ros2",
            "launch",
            "deepracer",
            "train.launch.py",
            *launch_arguments(
                workplace,
                run="written",
                redis=redis.url,
                store=store,
                hyperparameters=hyperparameters,
                trace_log="true",
            ),
        )
        training.wait_until(lambda least=least: len(episodes()) >= least, deadline_s=240.0)
        if least == 8:
            training.wait_until(lambda: models.latest() is not None, deadline_s=120.0)
        assert training.stop() == 0, training.tail()
        printed += SimulationLogsIO.load_single_file(training.log)
    records = episodes()
    log = DeepRacerLog(str(store))
    log.load()
    frame = log.dataframe()
    agree(frame, records)
    assert log.hyperparameters()["num_episodes_between_training"] == 4
    assert frame["iteration"].max() == (len(records) - 1) // 4
    assert len(SimulationLogsIO.convert_to_pandas(printed)) == len(frame)
    assert (frame[frame["episode_status"] != "prepare"]["action"] >= 0).all()
    assert (store / "model" / "deepracer_checkpoints.json").is_file()
    assert (store / "reward_function.py").is_file()

    results = tmp_path / "results.json"
    evaluation = start(
        *simulation(
            workplace, mode="evaluation", model="latest", store=store, trials=2, results=results
        )
    )
    assert evaluation.process.wait(timeout=240) == 0, evaluation.tail()
    race = DeepRacerLog(str(store))
    race.load_evaluation_trace()
    agree(race.dataframe(), read_results(results), is_eval=True)
