"""The launch files that the package deepracer ships, with small executables in them."""

import os
import re
import signal
import subprocess

import pytest
from deepracer_core.randomisation import RANDOMISED
from launched import command

SIMULATION = ("gazebo_server", "simulator_bridge", "observation", "agent", "rollout")
TRAINING = ("redis_server", *SIMULATION, "trainer")
FILES = {"sim.launch.py": SIMULATION, "train.launch.py": TRAINING}
# Ctrl-C, SIGTERM and the death of a process leave nothing behind within ten seconds.
PATIENCE_S = 10.0


def parameters(launched, name: str) -> dict:
    """The parameters of a node, which are those of its name and no other."""
    heard = launched.told(name)
    assert f"__node:={name}" in heard["arguments"]
    (file,) = heard["parameters"]
    return file["/**"]["ros__parameters"]


def options(launched, name: str) -> dict[str, str | None]:
    """The command-line options of a program and their values; None for a flag."""
    arguments = launched.told(name)["arguments"]
    return {
        option: value if not value.startswith("--") else None
        for option, value in zip(arguments, [*arguments[1:], "--"], strict=True)
        if option.startswith("--")
    }


@pytest.fixture
def shipped(launch, workspace):
    """Starts a shipped launch file and waits until all of its executables run."""

    def start(file: str, *arguments: str, **options):
        environment = {**workspace, "XDG_RUNTIME_DIR": "/run/me", **options.pop("environment", {})}
        launched = launch("deepracer", file, *arguments, environment=environment, **options)
        is_flat = "simulator:=flat" in arguments
        for name in FILES[file]:
            if not (is_flat and name == "gazebo_server"):
                launched.told(name)
        return launched

    return start


def test_the_flat_world_needs_no_gazebo(shipped):
    launched = shipped("sim.launch.py", "simulator:=flat", "track:=pond_oval")
    assert parameters(launched, "simulator_bridge")["simulator"] == "flat"
    assert parameters(launched, "simulator_bridge")["track"] == "pond_oval"
    assert "gazebo_server" not in launched.text


def test_simulation_is_told_what_it_needs_by_default(shipped, workspace):
    launched = shipped("sim.launch.py")
    share = f"{workspace['AMENT_PREFIX_PATH']}/share/deepracer"
    assert options(launched, "gazebo_server") == {
        "--track": "meadow_loop",
        "--race-type": "time_trial",
        "--objects": "6",
        "--model-metadata": f"{share}/config/model_metadata.json",
        "--camera-size": "160x120",
        "--chase": "none",
        "--socket": "/run/me/deepracer-default-0.socket",
        "--seed": "0",
        "--headless": None,
    }
    assert parameters(launched, "simulator_bridge") == {
        "use_sim_time": False,
        "camera_height": 120,
        "camera_rate": 15,
        "camera_width": 160,
        "mode": "training",
        "model_metadata": f"{share}/config/model_metadata.json",
        "race_type": "time_trial",
        "randomised": False,
        "run": "default",
        "seed": 0,
        "simulator": "gazebo",
        "socket": "/run/me/deepracer-default-0.socket",
        "track": "meadow_loop",
        "worker": 0,
    }
    assert parameters(launched, "observation") == {
        "use_sim_time": True,
        "mode": "training",
        "model_metadata": f"{share}/config/model_metadata.json",
        "run": "default",
        "worker": 0,
    }
    assert parameters(launched, "agent") == {
        "use_sim_time": True,
        "mode": "training",
        "model": "best",
        "model_metadata": f"{share}/config/model_metadata.json",
        "run": "default",
        "seed": 0,
        "store": "runs/default/store",
        "worker": 0,
    }
    assert (
        parameters(launched, "rollout").items()
        >= {
            "use_sim_time": True,
            "buffer_megabytes": 512,
            "buffer_segments": 4096,
            "experience_transport": "redis",
            "max_steps": 0,
            "mode": "training",
            "model_metadata": f"{share}/config/model_metadata.json",
            "redis": "redis://127.0.0.1:6379",
            "results": "",
            "reward_function": f"{share}/config/reward_function.py",
            "run": "default",
            "seed": 0,
            "segment_length": 32,
            "track": "meadow_loop",
            "trials": 3,
            "worker": 0,
        }.items()
    )


def test_live_video_is_there_when_it_is_wanted_and_its_end_ends_nothing(shipped):
    assert "[live_video-" not in shipped("sim.launch.py").text
    launched = shipped("sim.launch.py", "live_video:=kinesis:cars", "workers:=3", "worker:=1")
    assert options(launched, "gazebo_server")["--chase"] == "400x225"
    told = parameters(launched, "live_video")
    assert told["live_video"] == "kinesis:cars"
    assert (told["track"], told["mode"]) == ("meadow_loop", "training")
    assert (told["worker"], told["workers"]) == (1, 3)
    os.kill(launched.pid("live_video"), signal.SIGUSR1)
    launched.wait_for(r"\[live_video-\d+\]: process has finished cleanly")
    assert "ended by" not in launched.text.replace("ended by SIGUSR1", "")
    os.kill(launched.pid("agent"), signal.SIGUSR1)
    assert launched.wait() == 0
    assert "ended by SIGINT" in launched.text


def test_simulation_is_told_what_was_given(shipped):
    given = {
        "run": "mine",
        "worker": "2",
        "mode": "evaluation",
        "model": "7",
        "trials": "5",
        "results": "/tmp/r.json",
        "store": "s3://bucket/prefix",
        "redis": "rediss://:pass@host:1",
        "reward_function": "/r.py",
        "model_metadata": "/m.json",
        "seed": "9",
        "segment_length": "16",
        "max_steps": "100",
        "buffer_segments": "10",
        "experience_transport": "s3",
        "buffer_megabytes": "20",
        "headless": "false",
        "socket": "/tmp/s",
        "camera_width": "320",
        "camera_height": "200",
        "camera_rate": "5",
    }
    launched = shipped("sim.launch.py", *(f"{name}:={value}" for name, value in given.items()))
    gazebo = options(launched, "gazebo_server")
    told = {"--socket": "/tmp/s", "--seed": "9", "--gui": None, "--camera-size": "320x200"}
    assert gazebo.items() >= {**told, "--model-metadata": "/m.json"}.items()
    for node in ("simulator_bridge", "observation", "agent", "rollout"):
        for name, value in parameters(launched, node).items():
            if name in given:
                assert str(value) == given[name]
    assert parameters(launched, "agent")["model"] == "7"


def test_nothing_is_randomised_by_default(shipped):
    told = parameters(shipped("sim.launch.py"), "rollout")
    assert {name: told[name] for name in RANDOMISED} == dict.fromkeys(RANDOMISED, "")


def test_ranges_reach_the_rollout_and_the_bridge_hears_of_them(shipped):
    given = {"action_delay": "1:3", "camera_pitch_deg": "-3:3", "light_strength": "0.6:1.4"}
    launched = shipped("sim.launch.py", *(f"{name}:={text}" for name, text in given.items()))
    told = parameters(launched, "rollout")
    assert {name: told[name] for name in given} == given
    assert parameters(launched, "simulator_bridge")["randomised"] is True


@pytest.mark.parametrize(
    ("environment", "arguments", "domain_id"),
    [
        ({}, ["worker:=3"], "3"),
        ({"ROS_DOMAIN_ID": "42"}, ["worker:=3"], "42"),
        ({"ROS_DOMAIN_ID": "42"}, ["domain_id:=17"], "17"),
    ],
)
def test_domain_of_the_nodes(shipped, monkeypatch, environment, arguments, domain_id):
    monkeypatch.delenv("ROS_DOMAIN_ID", raising=False)
    launched = shipped("sim.launch.py", *arguments, environment=environment)
    for name in SIMULATION:
        assert launched.told(name)["environment"] == {
            "ROS_DOMAIN_ID": domain_id,
            "PYTHONUNBUFFERED": "1",
            "DEEPRACER_REDIS": None,
        }


def test_training_starts_redis_on_a_free_port(shipped):
    launched = shipped("train.launch.py", "run:=mine", "job_duration_in_seconds:=60", "seed:=4")
    redis = options(launched, "redis_server")
    assert redis["--folder"] == "runs/mine/redis"
    assert int(redis["--port"]) > 1023
    trainer = options(launched, "trainer")
    address = launched.told("trainer")["environment"]["DEEPRACER_REDIS"]
    assert address == f"redis://127.0.0.1:{redis['--port']}"
    assert trainer["--run"] == "mine"
    assert trainer["--store"] == "runs/mine/store"
    assert trainer["--seed"] == "4"
    assert trainer["--job-duration-in-seconds"] == "60"
    assert trainer["--hyperparameters"].endswith("config/hyperparameters.json")
    assert parameters(launched, "rollout")["redis"] == address
    assert parameters(launched, "agent")["store"] == "runs/mine/store"


def test_training_uses_the_port_that_was_given(shipped):
    given = ("redis_port:=7777", "redis_folder:=/tmp/data", "redis_megabytes:=300")
    launched = shipped("train.launch.py", *given)
    assert options(launched, "redis_server") == {
        "--folder": "/tmp/data",
        "--port": "7777",
        "--max-memory-mb": "300",
    }
    told = launched.told("trainer")["environment"]
    assert told["DEEPRACER_REDIS"] == "redis://127.0.0.1:7777"


def test_training_uses_the_redis_that_is_there(launch, workspace):
    url = "rediss://:it's@elsewhere:1"
    launched = launch("deepracer", "train.launch.py", f"redis:={url}", environment=workspace)
    told = launched.told("trainer")
    assert told["environment"]["DEEPRACER_REDIS"] == url
    assert not [word for word in told["arguments"] if url in word], "a log may show them"
    assert parameters(launched, "rollout")["redis"] == url
    assert "redis_server" not in launched.text


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("terminal", [False, True])
def test_ctrl_c_ends_all(shipped, file, terminal):
    launched = shipped(file, terminal=terminal)
    launched.send(signal.SIGINT, whole_group=terminal)
    assert launched.wait() == 0
    assert launched.processes() == []
    for name in FILES[file]:
        launched.wait_for(rf"^\[{name}-\d+\] ended by SIGINT")
        launched.wait_for(rf"\[{name}-\d+\]: process has finished cleanly")


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_end_of_the_launch_itself_ends_all(shipped, file, number):
    launched = shipped(file)
    launched.send(number)
    assert launched.wait() == -number
    assert launched.left_after(PATIENCE_S) == []


def test_end_of_the_launch_while_its_processes_are_starting(launch, workspace):
    launched = launch("deepracer", "train.launch.py", environment=workspace)
    launched.pid("redis_server")
    launched.send(signal.SIGTERM)
    assert launched.wait() == -signal.SIGTERM
    assert launched.left_after(PATIENCE_S) == []


@pytest.mark.parametrize(
    ("file", "name"),
    [
        *(("sim.launch.py", name) for name in SIMULATION),
        *(("train.launch.py", name) for name in TRAINING if name not in SIMULATION),
    ],
)
def test_death_of_one_ends_all(shipped, file, name):
    launched = shipped(file)
    os.kill(launched.pid(name), signal.SIGKILL)
    # What a failed process means is for the caller to see: the exit code of a launch says nothing.
    assert launched.wait() == 0
    assert launched.processes() == []
    launched.wait_for(rf"\[ERROR\] \[{name}-\d+\]: process has died \[pid \d+, exit code -9")
    launched.wait_for(rf"process\[{name}-\d+\] was required: shutting down launched system")


@pytest.mark.parametrize(
    ("file", "name", "arguments"),
    [("sim.launch.py", "rollout", ["mode:=evaluation"]), ("train.launch.py", "trainer", [])],
)
def test_what_is_done_ends_all_with_exit_code_0(shipped, file, name, arguments):
    launched = shipped(file, *arguments)
    os.kill(launched.pid(name), signal.SIGUSR1)
    assert launched.wait() == 0
    assert "has died" not in launched.text
    first, *_ = launched.wait_for(r"\[(\w+)-\d+\]: process has finished cleanly")
    assert first[1] == name


def test_deaf_process_is_gone_within_ten_seconds(shipped):
    launched = shipped("sim.launch.py")
    os.kill(launched.pid("agent"), signal.SIGSTOP)
    launched.send(signal.SIGINT)
    assert launched.left_after(PATIENCE_S) == []
    assert launched.wait() == 0


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("track:=nowhere", 'Argument "track" provided value "nowhere" is not valid.'),
        ("mode:=racing", 'Argument "mode" provided value "racing" is not valid.'),
        ("headless:=maybe", 'Argument "headless" provided value "maybe" is not valid.'),
        (
            "experience_transport:=post",
            '"experience_transport" provided value "post" is not valid.',
        ),
    ],
)
@pytest.mark.parametrize("file", FILES)
def test_unusable_argument(launch, workspace, file, argument, message):
    launched = launch("deepracer", file, argument, environment=workspace)
    if file == "train.launch.py" and argument.startswith("mode"):
        # Training is what that file is for: it sets the mode itself.
        launched.told("trainer")
        return
    assert launched.wait() == 1
    assert message in launched.text
    for name in SIMULATION:
        assert f"[{name}-" not in launched.text


def test_seed_that_is_no_number(launch, workspace):
    launched = launch("deepracer", "sim.launch.py", "seed:=many", environment=workspace)
    assert launched.wait() == 1
    assert "many" in launched.text.partition("Caught exception in launch")[2]
    assert launched.left_after(PATIENCE_S) == []


@pytest.mark.parametrize("file", FILES)
def test_every_argument_is_described(file, workspace):
    shown = show_arguments(file, workspace)
    assert all(description for description, _ in shown.values())
    assert all("no description" not in description for description, _ in shown.values())
    assert all(default is not None for _, default in shown.values())


def show_arguments(file: str, workspace: dict[str, str]) -> dict[str, tuple[str, str]]:
    """What `--show-args` says: description and default by name, in order."""
    result = subprocess.run(
        [command("ros2"), "launch", "deepracer", file, "--show-args"],
        env={**os.environ, **workspace},
        capture_output=True,
        text=True,
        check=True,
    )
    pattern = r"^    '(\w+)':\n        (.*)\n        \(default: (.*)\)$"
    return {match[1]: (match[2], match[3]) for match in re.finditer(pattern, result.stdout, re.M)}
