"""What is chosen of a run, and what is said when it is not there."""

import dataclasses
import json
import shutil

import numpy as np
import pytest
from deepracer.run_folder import RunFolder
from deepracer.settings import JobSettings
from deepracer.settings_sources import resolve_settings, write_settings
from deepracer.video.footage import evaluation_footage, trace_of_evaluation, training_footage
from deepracer.video.selection import Selection, in_words, parse_numbers
from deepracer_core.errors import ConfigurationError
from deepracer_core.evaluation_results import DrivenLine, write_results
from deepracer_core.model_store import open_storage
from deepracer_core.recordings import Recordings
from driven import drive_traces, train


def settings_of(folder: RunFolder, **given: str):
    return resolve_settings(given, {}, folder.settings_file)


def training(folder: RunFolder, worker: int = 0, **choice):
    return training_footage(settings_of(folder), folder, Selection(**choice), worker)


def test_numbers_and_ranges_are_read():
    parts = parse_numbers("12,40-45, 7")
    assert [number for part in parts for number in part] == [12, *range(40, 46), 7]
    assert in_words([0, 1, 2, 5, 7, 8]) == "0-2, 5, 7-8"
    for wrong in ("", "a", "4-2", "1,,2", "-3"):
        with pytest.raises(ConfigurationError, match="expected numbers and ranges"):
            parse_numbers(wrong)


def test_one_choice_is_made():
    with pytest.raises(ConfigurationError, match="expected one of"):
        Selection(best=True, last=3)
    with pytest.raises(ConfigurationError, match="--last: expected 1 or more, got 0"):
        Selection(last=0)


def test_the_best_of_the_training_is_its_fastest_lap(recorded):
    every = Recordings(open_storage(str(recorded.store))).training()
    laps = [each.duration_s for each in every if each.is_lap]
    (best,) = training(recorded).episodes
    assert best.is_lap
    assert best.duration_s == min(laps)
    without_laps = [each for each in every if not each.is_lap]
    (furthest,) = Selection(best=True).choose(without_laps, 0, "episode")
    assert furthest.progress[-1] == max(each.progress[-1] for each in without_laps)


def test_episodes_are_chosen_by_number_and_from_the_end(recorded):
    chosen = training(recorded, numbers="4,0-1")
    assert [each.number for each in chosen.episodes] == [4, 0, 1]
    assert chosen.captions[0] == "training · episode 4"
    assert chosen.name == "episodes-4,0-1"
    assert [each.number for each in training(recorded, last=2).episodes] == [4, 5]
    with pytest.raises(ConfigurationError, match="there is no episode 6; there are 0-5"):
        training(recorded, numbers="5-6")
    with pytest.raises(ConfigurationError, match="no trace of worker 2; there are those of 0"):
        training(recorded, worker=2)


def test_each_worker_has_episodes_of_its_own(tmp_path, track):
    folder = RunFolder(tmp_path / "several")
    folder.path.mkdir()
    write_settings(folder.settings_file, JobSettings(track=track.name, workers=2))
    storage = open_storage(str(folder.store))
    for worker in (0, 1):
        train(storage, track, worker=worker, workers=2, episodes=2)
    assert Recordings(storage).workers() == [0, 1]
    chosen = training(folder, worker=1, numbers="1")
    assert chosen.captions == ["training · worker 1 · episode 1"]
    assert chosen.name == "worker-1-episodes-1"


def test_a_run_without_a_trace_says_so(tmp_path, track):
    folder = RunFolder(tmp_path / "new")
    folder.path.mkdir()
    write_settings(folder.settings_file, JobSettings(track=track.name))
    with pytest.raises(ConfigurationError, match="no trace yet"):
        training(folder)
    with pytest.raises(ConfigurationError, match="got 'latest'; there is none"):
        evaluation_footage(settings_of(folder), folder, Selection(), "latest")


def test_trials_of_an_evaluation_are_numbered_from_one(recorded):
    chosen = evaluation_footage(settings_of(recorded), recorded, Selection(), "latest")
    assert chosen.captions[0] == "evaluation · trial 1 of 3"
    assert len(chosen.episodes) == 3
    assert chosen.version is None
    second = Selection(numbers="2")
    began = Recordings(open_storage(str(recorded.store))).evaluations()[0]
    (trial,) = evaluation_footage(settings_of(recorded), recorded, second, began).episodes
    assert trial.number == 1
    with pytest.raises(ConfigurationError, match=f"got '20200101000000'; there are {began}"):
        evaluation_footage(settings_of(recorded), recorded, Selection(), "20200101000000")


def test_an_evaluation_is_known_by_the_lines_that_it_left(recorded, tmp_path, track):
    own = RunFolder(shutil.copytree(recorded.path, tmp_path / "mine"))
    traces = drive_traces(track, 3, mode="evaluation", trials=3)
    place = own.new_evaluation()
    records = [dataclasses.replace(trace.record, policy_version=7) for trace in traces]
    write_results(place / "results.json", records, [DrivenLine.of(trace) for trace in traces])
    write_settings(place / "job.yaml", JobSettings(track=track.name, seed=5))
    chosen = evaluation_footage(settings_of(own), own, Selection(), "latest")
    assert chosen.version == 7
    assert chosen.settings.seed == 5
    found = trace_of_evaluation(JobSettings(), own, place / "results.json")
    assert [each.number for each in found] == [0, 1, 2]
    values = json.loads((place / "results.json").read_text())
    values["lines"][0]["x"][3] += 0.01
    (place / "results.json").write_text(json.dumps(values))
    assert trace_of_evaluation(JobSettings(), own, place / "results.json") == []


def test_another_track_is_refused_and_the_right_one_named(recorded):
    resolved = settings_of(recorded, track="meadow_loop")
    complaint = r"name that one with --track \(as long: pond_oval\)"
    with pytest.raises(ConfigurationError, match=complaint):
        training_footage(resolved, recorded, Selection(), 0)


def test_the_direction_is_that_in_which_the_car_was_put_down(recorded):
    footage = training(recorded)
    episode = footage.episodes[0]
    assert not footage.direction(episode).is_reversed
    turned = dataclasses.replace(episode, yaw=episode.yaw + np.pi)
    assert footage.direction(turned).is_reversed
