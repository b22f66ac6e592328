"""The notebook from top to bottom in a real kernel: a training job that really trains."""

import base64
import json
import os
import sys
import tarfile
from pathlib import Path

import boto3
import nbformat
import pytest
from deepracer_core.model_store import open_model_store
from deepracer_trainer.sagemaker.metric_lines import METRIC_DEFINITIONS
from local_sagemaker import KEY_ID, REGION, SECRET_KEY, LocalSageMaker
from nbclient import NotebookClient
from opt_ml import CONFIG, REPOSITORY

NOTEBOOK = REPOSITORY / "notebooks" / "train_on_aws.ipynb"
PREFIX = "rl-deepracer/tried"
DURATION_S = 600
CELL_S = 400


def read() -> nbformat.NotebookNode:
    return nbformat.read(NOTEBOOK, as_version=4)


def with_parameters(notebook: nbformat.NotebookNode, **parameters: object) -> None:
    """Put a cell after the one tagged parameters, as papermill does."""
    (place,) = [
        index
        for index, cell in enumerate(notebook.cells)
        if "parameters" in cell.metadata.get("tags", [])
    ]
    defaults: dict[str, object] = {}
    exec(notebook.cells[place].source, defaults)
    assert parameters.keys() <= defaults.keys()
    text = "\n".join(f"{name} = {value!r}" for name, value in parameters.items())
    notebook.cells.insert(place + 1, nbformat.v4.new_code_cell(text))


def shown(notebook: nbformat.NotebookNode, cell: str) -> str:
    """What a cell has put out: text, and the kinds of pictures."""
    (found,) = [each for each in notebook.cells if each.id == cell]
    words = []
    for output in found.outputs:
        words.append(output.get("text", ""))
        data = output.get("data", {})
        words += [data.get("text/plain", ""), *(kind for kind in data if kind != "text/plain")]
    return "\n".join(words)


def test_the_notebook_has_no_outputs_and_is_valid():
    notebook = read()
    nbformat.validate(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert cell.outputs == []
            assert cell.execution_count is None


@pytest.fixture
def kernels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kernels find the packages that the test has, and leave nothing in the home folder."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(tmp_path / "jupyter"))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "jupyter"))


def execute(notebook: nbformat.NotebookNode, kept: Path) -> None:
    """Run all cells, in the folder of the notebook; what came out is kept in a file, too."""
    place = {"metadata": {"path": str(NOTEBOOK.parent)}}
    client = NotebookClient(notebook, timeout=CELL_S, resources=place)
    try:
        client.execute()
    finally:
        nbformat.write(notebook, kept)


@pytest.mark.slow
@pytest.mark.usefixtures("kernels")
def test_from_an_empty_account_to_the_cars_package(
    account: LocalSageMaker, docker_record: Path, tmp_path: Path
):
    inputs, output = tmp_path / "inputs", tmp_path / "output"
    inputs.mkdir()
    for name in ("reward_function.py", "model_metadata.json"):
        (inputs / name).write_bytes((CONFIG / name).read_bytes())
    learning = {
        "num_episodes_between_training": 4,
        "num_epochs": 3,
        "term_cond_max_episodes": 8,
    }
    (inputs / "hyperparameters.json").write_text(json.dumps(learning))
    notebook = read()
    with_parameters(
        notebook,
        REGION=REGION,
        RUN="tried",
        INPUTS=str(inputs),
        OUTPUT=str(output),
        SIMULATOR="flat",
        WORKERS=2,
        JOB_DURATION_IN_SECONDS=DURATION_S,
        LAPS=1,
        SECONDS_BETWEEN_LOOKS=0.5,
    )
    execute(notebook, tmp_path / "executed.ipynb")

    # The job.
    ((job, request),) = account.requests.items()
    bucket = f"deepracer-123456789012-{REGION}"
    assert request["HyperParameters"] == {
        "s3_bucket": bucket,
        "s3_prefix": PREFIX,
        "aws_region": REGION,
        "job_duration_in_seconds": str(DURATION_S),
        "world_name": "meadow_loop",
        "simulator": "flat",
        "num_workers": "2",
    }
    definitions = request["AlgorithmSpecification"]["MetricDefinitions"]
    assert definitions == [dict(each) for each in METRIC_DEFINITIONS]
    image = f"123456789012.dkr.ecr.{REGION}.amazonaws.com/deepracer:job"
    assert request["AlgorithmSpecification"]["TrainingImage"] == image
    calls = [json.loads(line) for line in docker_record.read_text().splitlines()]
    assert [call["command"] for call in calls] == ["build", "login", "push"]
    assert calls[0]["target"] == "job"
    assert Path(calls[0]["context"]) == REPOSITORY

    # It has really learnt, with the hyperparameters of the file, from both simulations.
    said = account.containers[job].said
    store = open_model_store(f"s3://{bucket}/{PREFIX}")
    assert store.versions()
    for worker in (0, 1):
        assert f"Training> Name=main_level/agent, Worker={worker}, " in said
    s3 = boto3.client("s3")
    kept = s3.get_object(Bucket=bucket, Key=f"{PREFIX}/ip/hyperparameters.json")["Body"].read()
    assert learning.items() <= json.loads(kept).items()

    # What is seen of it.
    assert f"newest model {store.latest()}" in shown(notebook, "watch")
    assert "Completed" in shown(notebook, "watch")
    assert "episodic_return" in shown(notebook, "metrics")
    assert shown(notebook, "progress").count("image/png") == 2
    laps = shown(notebook, "evaluate")
    assert "ended with" in laps
    assert "of 1 laps complete" in laps
    assert "\x1b" not in laps
    assert "image/png" in laps

    # The car's package.
    with tarfile.open(output / "model.tar.gz") as tar:
        metadata = json.loads(tar.extractfile("model_metadata.json").read())
        graph = tar.extractfile("agent/model.pb").read()
    assert metadata["action_space"]
    assert b"main_level/agent/main/online/network_1/ppo_head_0/policy" in graph

    # No credential.
    everything = nbformat.writes(notebook) + said + docker_record.read_text()
    for secret in (SECRET_KEY, KEY_ID, "auth-token"):
        assert secret not in everything
        assert base64.b64encode(secret.encode()).decode().rstrip("=")[:-1] not in everything
