"""Stands in for `ros2 launch` where only the handling of its process is tested.

Redis and the model store it uses are real, and so is the model, of which the folder `FAKE_MODEL`
has the files. `FAKE_LAUNCH` says how the training goes: `finish`, `die`, `die-once`, which finishes
when it is started again, `unusable`, `go_on`, or `stay`, which is go_on with a child that no polite
signal ends. `FAKE_WORKERS` says how those of its workers go that do not drive on: `1:die` dies at
each start, `1:die-once` at its first, `1:unusable` because of what it was given. The evaluation
drives two laps at once.
"""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from deepracer_core.episode import EpisodeRecord, EpisodeStatus
from deepracer_core.evaluation_results import DrivenLine, write_results
from deepracer_core.model_store import open_model_store
from deepracer_core.redis_connection import connect
from deepracer_core.redis_server import RedisServer
from deepracer_core.run_status import RunStatus

# A process that left the group and ignores polite signals, as the worst of simulators would.
STUBBORN = """
import signal
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
signal.pause()
"""


def record(number: int, status: EpisodeStatus, **values: object) -> EpisodeRecord:
    return EpisodeRecord(
        **{
            "worker": 0,
            "number": number,
            "mode": "training",
            "policy_version": number // 4,
            "status": status,
            "steps": 150,
            "progress": 100.0 if status is EpisodeStatus.LAP_COMPLETE else 40.0,
            "reward": 60.0,
            "duration_s": 10.0 + number / 10,
            "start_distance": 0.0,
            "wall_clock": time.time(),
            **values,
        }
    )


def train(arguments: dict[str, str], how: str) -> int:
    if how == "stay":
        subprocess.Popen([sys.executable, "-c", STUBBORN], start_new_session=True)
    port = int(arguments["redis_port"])
    with RedisServer(Path(arguments["redis_folder"]), port) as server:
        status = RunStatus(connect(server.url), arguments["run"])
        status.set_trainer({"state": "collecting", "iteration": 0, "seconds_left": 30.0})
        for number in range(8):
            status.add_episode(record(number, EpisodeStatus.OFF_TRACK))
        status.add_episode(record(8, EpisodeStatus.LAP_COMPLETE))
        status.set_trainer({"state": "collecting", "iteration": 2, "seconds_left": 29.0})
        store = open_model_store(arguments["store"])
        if store.latest() is None:
            files = Path(os.environ["FAKE_MODEL"]).iterdir()
            store.publish(1, {file.name: file.read_bytes() for file in files}, {})
        print("[rollout-4] nine episodes", flush=True)
        # The display looks twice a second.
        seconds = float(os.environ.get("FAKE_SECONDS", "1.5"))
        time.sleep(seconds / 2)
        status.set_trainer({"state": "learning", "iteration": 2, "seconds_left": 28.0})
        time.sleep(seconds / 2)
        died = Path(arguments["redis_folder"]).with_name("died")
        if how in ("die", "unusable") or (how == "die-once" and not died.exists()):
            died.touch()
            code = 2 if how == "unusable" else 1
            print("[trainer-2] MemoryError: no room", flush=True)
            print(
                f"[ERROR] [trainer-2]: process has died [pid 4, exit code {code}, cmd 'trainer'].",
                flush=True,
            )
            return 0
        print(f"[trainer-2] {arguments['job_duration_in_seconds']} s are left", flush=True)
        if how in ("finish", "die-once"):
            print("[INFO] [trainer-2]: process has finished cleanly [pid 4]", flush=True)
            return 0
        signal.sigwait([signal.SIGINT])
    return 0


def work(arguments: dict[str, str], how: str) -> int:
    worker, _, fate = how.partition(":")
    first_time = Path(arguments["socket"]).with_name("started")
    print(f"[rollout-4] worker {arguments['worker']} of {arguments['workers']} drives on", end=" ")
    race, boxes = arguments["race_type"], arguments["number_of_obstacles"]
    print(f"{arguments['track']}, {race} with {boxes} boxes", flush=True)
    if worker == arguments["worker"] and (fate != "die-once" or not first_time.exists()):
        first_time.touch()
        code = 2 if fate == "unusable" else 1
        print("[rollout-4] no wheels", flush=True)
        print(
            f"[ERROR] [rollout-4]: process has died [pid 4, exit code {code}, cmd 'rollout'].",
            flush=True,
        )
        return 0
    signal.sigwait([signal.SIGINT])
    return 0


def evaluate(arguments: dict[str, str]) -> int:
    version = int(arguments["model"])
    trials = [
        record(0, EpisodeStatus.LAP_COMPLETE, mode="evaluation", policy_version=version),
        record(
            1,
            EpisodeStatus.OFF_TRACK,
            mode="evaluation",
            policy_version=version,
            off_track_count=1,
        ),
    ]
    assert json.loads(Path(arguments["model_metadata"]).read_text())
    assert open_model_store(arguments["store"]).info(version) is not None
    x, y, speed = np.linspace(0.0, 3.0, 60), np.zeros(60), np.full(60, 1.5)
    write_results(Path(arguments["results"]), trials, [DrivenLine(x, y, speed)] * 2)
    return 0


def main() -> int:
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    verb, package, file, *rest = sys.argv[1:]
    assert (verb, package) == ("launch", "deepracer")
    arguments = dict(argument.split(":=", 1) for argument in rest)
    if file == "learn.launch.py":
        return train(arguments, os.environ["FAKE_LAUNCH"])
    assert file == "sim.launch.py"
    if arguments["mode"] == "training":
        return work(arguments, os.environ.get("FAKE_WORKERS", ""))
    return evaluate(arguments)


if __name__ == "__main__":
    sys.exit(main())
