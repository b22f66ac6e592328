"""`deepracer smoke`: the whole cycle on real parts, and one line for each of them."""

import contextlib
import dataclasses
import json
import logging
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import redis
from deepracer_core.die_with_parent import die_with_parent
from deepracer_core.experience_buffer import BufferStats, ExperienceBuffer
from deepracer_core.hyperparameters import load_hyperparameters
from deepracer_core.model_store import StoreError
from deepracer_core.redis_connection import RedisUnavailable, connect
from rich.console import Console

from deepracer import exit_codes
from deepracer.dashboard import clock_text
from deepracer.display import doing
from deepracer.evaluate import open_store
from deepracer.interruption import Interruption
from deepracer.launch_arguments import redis_place
from deepracer.launch_log import End, first_end
from deepracer.launched import LaunchedProcess
from deepracer.log import log_to_file
from deepracer.preflight import job_findings, refuse_faults
from deepracer.process_tree import process_name
from deepracer.project_files import find_input
from deepracer.run_folder import RunFolder, new_run_folder
from deepracer.settings import JobSettings
from deepracer.settings_sources import ResolvedSettings
from deepracer.smoke_report import Evidence, report
from deepracer.status_feed import StatusFeed
from deepracer.train import OVERTIME_S, TrainingJob, keep_inputs, launch_job

JOB_SECONDS = 120
"""Longest duration of the job, in which a model has to be learnt and has to drive."""

_LOOK_S = 1.0

log = logging.getLogger(__name__)


def smoke(resolved: ResolvedSettings, console: Console) -> int:
    """Run a short job and say of each part how it does.

    Args:
        resolved: settings of a job, of which the duration and the hyperparameters are shortened.
        console: where the lines go.

    Returns:
        The exit code: DONE when every part works.

    Raises:
        ConfigurationError: something given cannot be used; nothing was started.
    """
    with doing(console, "looking at the inputs"):
        refuse_faults(job_findings(resolved, None))
    folder = new_run_folder(resolved.settings.runs_folder)
    with Interruption() as interruption, folder.claim() as lock:
        log_to_file(folder.logs / "deepracer.log", folder.name, resolved.settings.log_format)
        settings = _short(resolved.settings, folder)
        keep_inputs(settings, folder)
        job = TrainingJob(settings, folder, lock, redis_place(settings), interruption)
        seen = _watch(job, console)
        if interruption.came:
            return interruption.exit_code
    parts = report(seen)
    for part in parts:
        mark = "[green]ok [/]" if part.alive else "[bold red]bad[/]"
        console.print(f"{mark}  {part.part:<17}", end="", highlight=False)
        console.print(part.detail, markup=False, highlight=False, soft_wrap=True)
    console.print(f"Everything of it is in {folder.path}", highlight=False, soft_wrap=True)
    works = all(part.alive for part in parts)
    return exit_codes.DONE if works else exit_codes.PART_NOT_WORKING


def _short(settings: JobSettings, folder: RunFolder) -> JobSettings:
    """The settings of a job with iterations so small that some fit into it."""
    given = load_hyperparameters(find_input(settings.hyperparameters))
    values = dataclasses.asdict(given) | {"num_episodes_between_training": 5, "num_epochs": 3}
    path = folder.inputs / "hyperparameters.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
    return dataclasses.replace(
        settings, hyperparameters=path, job_duration_in_seconds=JOB_SECONDS, workers=1
    )


def _watch(job: TrainingJob, console: Console) -> Evidence:
    """Let the job run until a model of its own drives, and look at its parts all the while."""
    gazebo_runs = False
    in_redis: tuple[float, BufferStats] | None = None
    rates_file = job.folder.logs / "rates.jsonl"
    with (
        console.status("") as status,
        StatusFeed(job.redis.url, job.folder.name) as feed,
        launch_job(job, feed) as launches,
        _count_messages(launches.workers.launches[0], rates_file),
    ):
        worker = launches.workers.launches[0]
        both = (launches.learning.launched, worker)
        started = time.monotonic()
        while all(each.exit_code is None for each in both) and not job.interruption.wait(_LOOK_S):
            since_launch_s = time.monotonic() - started
            feed.update(job.progress)
            gazebo_runs = gazebo_runs or _has_gazebo(worker)
            in_redis = _look_into_redis(job) or in_redis
            status.update(
                f"a job of {JOB_SECONDS} s at most on real parts: {clock_text(since_launch_s)},"
                f" {job.progress.episodes} episodes, model v{job.progress.policy_version}"
            )
            if job.progress.policy_version > 0:
                break
            if since_launch_s > JOB_SECONDS + OVERTIME_S:
                log.error("the trainer did not end in time")
                break
        ended = next((each for each in both if each.exit_code is not None), None)
    feed.update(job.progress)
    end = first_end(ended.log_path) if ended is not None else None
    return _evidence(job, _last_rates(rates_file), gazebo_runs, in_redis, end)


def _evidence(
    job: TrainingJob,
    rates: Mapping[str, Mapping[str, float]],
    gazebo_runs: bool,
    in_redis: tuple[float, BufferStats] | None,
    end: End | None,
) -> Evidence:
    clock = rates.get("clock", {})
    simulated_s = clock.get("seconds", 0.0)
    wall_s = rates.get("odom", {}).get("seconds", 0.0)
    versions, load_ms, store_problem = _look_into_store(job)
    return Evidence(
        rates={
            name: value["count"] / value["seconds"]
            for name, value in rates.items()
            if value["seconds"] > 0
        },
        simulated_s=simulated_s,
        speed=simulated_s / wall_s if wall_s > 0 else 0.0,
        gazebo_runs=gazebo_runs,
        episodes=job.progress.episodes,
        driven=job.progress.policy_version,
        redis_ms=in_redis[0] if in_redis else None,
        buffer=in_redis[1] if in_redis else None,
        versions=versions,
        load_ms=load_ms,
        store_problem=store_problem,
        trainer=job.progress.trainer or None,
        end=end,
    )


@contextlib.contextmanager
def _count_messages(launched: LaunchedProcess, output: Path) -> Iterator[None]:
    """Count the graph's messages in a process of its own while this is entered."""
    with output.open("wb") as file:
        counter = subprocess.Popen(
            [sys.executable, "-m", "deepracer.graph_rates"],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            env=dict(launched.environment),
            preexec_fn=die_with_parent,
            start_new_session=True,
        )
        try:
            yield
        finally:
            counter.send_signal(signal.SIGINT)
            try:
                counter.wait(timeout=5.0)
            except subprocess.TimeoutExpired:
                counter.kill()
                counter.wait()


def _last_rates(path: Path) -> dict[str, dict[str, Any]]:
    """The last complete line of JSON that the counter wrote; nothing if it never did."""
    text = path.read_text(encoding="utf-8", errors="replace")
    lines = [line for line in text.splitlines() if line.startswith("{") and line.endswith("}")]
    if not lines:
        log.warning("no messages were counted: %s", text)
        return {}
    rates: dict[str, dict[str, Any]] = json.loads(lines[-1])
    return rates


def _has_gazebo(launched: LaunchedProcess) -> bool:
    return any(process_name(pid) == "gzserver" for pid in launched.processes())


def _look_into_redis(job: TrainingJob) -> tuple[float, BufferStats] | None:
    """Milliseconds of a round trip, and the buffer's state; None while Redis is away."""
    try:
        with contextlib.closing(connect(job.redis.url, deadline_s=0.2)) as client:
            stats = ExperienceBuffer(client, job.folder.name).stats()
            started = time.perf_counter()
            client.ping()
            return (time.perf_counter() - started) * 1000, stats
    except (RedisUnavailable, redis.RedisError):
        return None


def _look_into_store(job: TrainingJob) -> tuple[int | None, float, str]:
    """How many versions there are, milliseconds to load the newest, and what is wrong."""
    store = open_store(job.settings, job.folder)
    try:
        versions = len(store.versions())
        started = time.perf_counter()
        newest = store.latest()
        if newest is not None:
            store.load(newest)
        return versions, (time.perf_counter() - started) * 1000, ""
    except StoreError as error:
        return None, 0.0, str(error)
