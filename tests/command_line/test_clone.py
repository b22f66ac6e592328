"""A run that starts from another run's model, and what is refused; the launch is a fake here."""

import json
from pathlib import Path

import pytest
from deepracer.clone import find_source
from deepracer.preflight import job_findings
from deepracer.run_folder import RunFolder
from deepracer.settings_sources import resolve_settings
from deepracer_core.errors import ConfigurationError
from deepracer_core.model_store import open_model_store


@pytest.fixture
def source(tmp_path: Path, trained: dict[str, bytes]) -> RunFolder:
    """A run with three versions, the second of which is the best."""
    folder = RunFolder(tmp_path / "runs" / "theirs")
    folder.path.mkdir(parents=True)
    folder.settings_file.write_text("run: theirs\n")
    store = open_model_store(str(folder.store))
    for version in (1, 2, 3):
        files = {**trained, "reward_function.py": bytes([version])}
        info = {"counters": {"iteration": version, "steps": 1000 * version}, "segments": [1, 2]}
        store.publish(version, files, info)
    store.set_best(2, {})
    return folder


def complaint(source: RunFolder, named: str = "theirs", **given: object) -> str:
    runs = source.path.parent
    folder = RunFolder(runs / "mine")
    found = job_findings(resolve_settings({"runs_folder": str(runs), **given}, {}), folder, named)
    (finding,) = [each for each in found if each.subject == "--from"]
    return "" if finding.good else finding.detail


def test_a_version_is_named_after_its_run(source):
    runs = source.path.parent
    versions = {"theirs": 2, "theirs:best": 2, "theirs:last": 3, "theirs:latest": 3, "theirs:1": 1}
    for named, version in versions.items():
        assert find_source(named, runs).version == version
    source.become_latest()
    assert find_source("latest:3", runs).run == source


def test_a_run_finds_its_models_where_its_settings_say(source, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    source.store.rename(elsewhere)
    source.settings_file.write_text(f"store: {elsewhere}\n")
    assert find_source("theirs:3", source.path.parent).version == 3


@pytest.mark.parametrize(
    ("named", "message"),
    [("nobody", "there is no run 'nobody'"), ("theirs:7", "has versions 1 to 3; got '7'")],
)
def test_what_is_not_there_is_refused(source, named, message):
    with pytest.raises(ConfigurationError, match=message):
        find_source(named, source.path.parent)
    assert message in complaint(source, named)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"neural_network": "DEEP_CONVOLUTIONAL_NETWORK"}, "another neural_network than"),
        ({"sensor": ["STEREO_CAMERAS"]}, "another sensor than"),
        (
            {
                "action_space": [{"steering_angle": a, "speed": 1} for a in (-9, 9)],
                "sensor": ["LIDAR"],
            },
            "another action_space and sensor than",
        ),
    ],
)
def test_a_model_for_something_else_is_refused(source, trained, tmp_path, changed, message):
    path = tmp_path / "metadata.json"
    path.write_text(json.dumps({**json.loads(trained["model_metadata.json"]), **changed}))
    said = complaint(source, model_metadata=str(path))
    assert f"version 2 of run 'theirs' was trained with {message} {path}" in said
    assert f"one of those in {source.inputs}" in said


def test_a_model_that_is_damaged_is_refused(source):
    with (source.store / "versions/00000002/optimizer.safetensors").open("ab") as file:
        file.write(b"more")
    assert "optimizer.safetensors is damaged" in complaint(source)
    assert complaint(source, "theirs:3") == ""


def test_a_run_that_has_a_model_is_not_started_anew(source, trained):
    assert complaint(source) == ""
    mine = open_model_store(str(source.path.parent / "mine" / "store"))
    mine.publish(1, trained, {})
    assert "expected a new run, but there is version 1" in complaint(source)


def test_a_job_starts_from_the_model(train, source, tmp_path):
    source.become_latest()
    arguments = ["--from", "latest:3", "--evaluation-trials", "0"]
    _, err = train("finish", *arguments).communicate(timeout=60)
    assert err == ""
    mine = open_model_store(str(tmp_path / "runs" / "mine" / "store"))
    theirs = open_model_store(str(source.store))
    assert mine.versions() == [1]
    assert mine.load(1).files == theirs.load(3).files
    assert mine.info(1) == {
        "counters": {"iteration": 3, "steps": 3000},
        "segments": [],
        "source": {"run": "theirs", "version": 3},
    }
    log = (tmp_path / "runs" / "mine" / "logs" / "deepracer.log").read_text()
    assert "started from run=theirs version=3" in log
    again = train("finish", "--from", "theirs:3")
    _, err = again.communicate(timeout=60)
    assert again.returncode == 2
    assert "leave --from out to train on from that" in " ".join(err.split())
