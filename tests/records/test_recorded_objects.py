"""The file beside a trace with what else was on the road."""

import json

import pytest
from deepracer.logs import DeepRacerLog, LogFolderType, S3FileHandler
from deepracer_core.bot_cars import BotCarRules, BotCars
from deepracer_core.errors import ConfigurationError
from deepracer_core.model_store import Storage, open_storage
from deepracer_core.object_places import Spread
from deepracer_core.obstacles import Obstacles
from deepracer_core.record_places import RecordPlaces
from deepracer_core.recorded_trace import RecordedEpisode
from deepracer_core.recordings import Recordings
from deepracer_core.records import EvaluationRecords
from deepracer_core.trace import TracedEpisode
from driven import drive_traces, training, write_down

BOXES = {"scenes": Obstacles(Spread(2, 0.8, randomize=True), seed=3)}
BOTS = {"scenes": BotCars(Spread(2), BotCarRules(changes_lanes=True))}


@pytest.fixture(scope="module")
def traces(track) -> list[TracedEpisode]:
    return drive_traces(track, 9, **BOXES)


def agree(recorded: list[RecordedEpisode], traces: list[TracedEpisode]) -> None:
    assert [each.number for each in recorded] == list(range(len(traces)))
    for episode, trace in zip(recorded, traces, strict=True):
        for frame, step in enumerate(trace.steps):
            found = episode.objects_at(frame)
            assert [each.name for each in found] == [each.name for each in step.objects]
            for here, there in zip(found, step.objects, strict=True):
                assert (here.x, here.y, here.yaw) == pytest.approx(
                    (there.outline.x, there.outline.y, there.outline.yaw), abs=6e-5
                )


def lines(storage: Storage, key: str) -> list[dict]:
    return [json.loads(line) for line in storage.read(key).data.decode().splitlines()]


def test_boxes_are_one_pose_and_cars_one_for_each_row(folder, track, traces):
    write_down(training(folder), traces[:2])
    (first, second) = lines(folder, "training-simtrace/0-objects.jsonl")
    assert (first["episode"], second["episode"]) == (0, 1)
    assert first["wall_clock"] == 1.7e9
    assert list(first["objects"]) == ["obstacle_0", "obstacle_1"]
    box, outline = first["objects"]["obstacle_0"], traces[0].steps[0].objects[0].outline
    assert box["X"] == [round(outline.x, 4)]
    assert {len(values) for values in box.values()} == {1}
    assert first["objects"] != second["objects"]
    bots = drive_traces(track, 1, **BOTS)
    write_down(training(folder, worker=1, workers=2), bots)
    (line,) = lines(folder, "1/training-simtrace/0-objects.jsonl")
    assert [len(car["yaw"]) for car in line["objects"].values()] == [len(bots[0].steps)] * 2
    agree(Recordings(folder).training(1), bots)


def test_a_time_trial_has_no_such_file(folder, track):
    write_down(training(folder), drive_traces(track, 2))
    assert not [key for key in folder.keys("") if "objects" in key]
    assert [each.objects for each in Recordings(folder).training()] == [{}, {}]


@pytest.mark.parametrize("stop", [1, 3, 4, 6])
def test_a_resumed_run_appends(folder, traces, stop):
    write_down(training(folder), traces[:stop])
    before = folder.read("metrics/TrainingMetrics.json").data
    write_down(training(folder), traces[stop : stop + 2])
    # Killed between trace and metrics: those two count for nothing.
    folder.write("metrics/TrainingMetrics.json", before)
    write_down(training(folder), traces[stop:])
    agree(Recordings(folder).training(), traces)
    found = [lines(folder, f"training-simtrace/{n}-objects.jsonl") for n in range(3)]
    assert [[line["episode"] for line in of_one] for of_one in found] == [
        [0, 1, 2, 3],
        [4, 5, 6, 7],
        [8],
    ]


def test_a_run_that_gets_more_workers_moves_its_objects(folder, traces):
    write_down(training(folder), traces[:6])
    write_down(training(folder, worker=0, workers=2), traces[6:])
    agree(Recordings(folder).training(0), traces)
    assert not list(folder.keys("training-simtrace/"))


def test_objects_left_by_another_trace_are_not_taken_for_those_of_this_one(tmp_path, track):
    own = open_storage(str(tmp_path / "own"))
    places = RecordPlaces(traces=own)
    for at, options in ((1.7e9, BOXES), (1.8e9, {})):
        driven = drive_traces(track, 1, mode="evaluation", trials=1, **options)
        for trace in driven:
            trace.wall_clocks[:] = [at] * len(trace.wall_clocks)
        records = EvaluationRecords(
            open_storage(str(tmp_path / "store")), is_discrete=True, places=places
        )
        write_down(records, driven)
        assert own.read("evaluation-simtrace/0-objects.jsonl") is not None
        copy = open_storage(str(tmp_path / f"copy-{at:.0f}"))
        for key in own.keys(""):
            copy.write("evaluation-20260101000000/" + key, own.read(key).data)
        (episode,) = Recordings(copy).evaluation("20260101000000")
        assert bool(episode.objects) == bool(options)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("what", r"0-objects\.jsonl, line 1: expected the objects of an episode as JSON, got 'w"),
        ('{"episode": 0, "objects": {}}', "line 1: expected the objects of an episode as JSON"),
        (
            '{"episode": 0, "wall_clock": 1.7e9, "objects": {"obstacle_0": {"X": [1, 2]}}}',
            "line 1: expected X, Y and yaw of each object, one number or",
        ),
        (
            '{"episode": 0, "wall_clock": 1.7e9, "objects":'
            ' {"obstacle_0": {"X": [1, 2], "Y": [1], "yaw": [1]}}}',
            "line 1: expected X, Y and yaw of each object, one number or",
        ),
    ],
)
def test_a_damaged_file_is_named(folder, traces, text, complaint):
    write_down(training(folder), traces[:1])
    folder.write("training-simtrace/0-objects.jsonl", text.encode())
    with pytest.raises(ConfigurationError, match=complaint):
        Recordings(folder).training()


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("place", ["disk", "S3"])
def test_deepracer_utils_loads_a_run_with_objects(request, track, traces, place, workers):
    storage = request.getfixturevalue("folder" if place == "disk" else "s3")
    for worker in range(workers):
        write_down(training(storage, worker, workers), traces)
    trials = drive_traces(track, 2, mode="evaluation", trials=2, **BOTS)
    write_down(EvaluationRecords(storage, is_discrete=True), trials)

    def open_log() -> DeepRacerLog:
        if place == "disk":
            return DeepRacerLog(storage.url)
        endpoint = f"http://127.0.0.1:{request.getfixturevalue('moto_port')}"
        bucket = request.getfixturevalue("bucket")
        return DeepRacerLog(
            filehandler=S3FileHandler(
                bucket=bucket, prefix="runs/first", s3_endpoint_url=endpoint, region="us-east-1"
            )
        )

    log = open_log()
    log.load(ignore_metadata=True)
    kind = "SINGLE" if workers == 1 else "MULTIPLE"
    assert log.fh.type is LogFolderType[f"DRFC_MODEL_{kind}_WORKERS"]
    frame = log.dataframe()
    assert len(frame) == workers * sum(len(trace.steps) for trace in traces)
    race = open_log()
    race.load_evaluation_trace(ignore_metadata=True)
    assert len(race.dataframe()) == sum(len(trace.steps) for trace in trials)
