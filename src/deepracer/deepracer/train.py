"""`deepracer train`: a training job from its inputs to the evaluation of what it learnt."""

import contextlib
import dataclasses
import logging
import os
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from typing import Any

from deepracer_core.errors import ConfigurationError
from rich.console import Console

from deepracer import exit_codes
from deepracer.clone import copy_source, find_source
from deepracer.dashboard import JobView, clock_text
from deepracer.display import doing, open_display
from deepracer.evaluate import (
    Evaluation,
    best_version,
    film_evaluation,
    open_store,
    run_evaluation,
)
from deepracer.export import CarPackage, write_car_package
from deepracer.failure import JobFailed
from deepracer.interruption import Interruption
from deepracer.job_progress import JobProgress
from deepracer.kept_launch import KeptLaunch
from deepracer.launch_arguments import (
    Arguments,
    RedisPlace,
    learning_arguments,
    redis_place,
    simulation_launch,
    telemetry_settings,
    worker_arguments,
)
from deepracer.launch_log import first_end
from deepracer.launched import LaunchedProcess, ros2_launch, stop_together
from deepracer.live_video.target import addresses
from deepracer.log import log_to_file
from deepracer.preflight import job_findings, refuse_faults
from deepracer.project_files import find_input
from deepracer.run_folder import RunFolder, new_run_folder, run_folder
from deepracer.settings import INPUT_FIELDS, JobSettings
from deepracer.settings_sources import ResolvedSettings, settings_of_worker, write_settings
from deepracer.status_feed import StatusFeed
from deepracer.summary import print_summary
from deepracer.workers import Workers
from deepracer.workplace import Workplace, claim_workplace

_REFRESH_S = 0.25
_START_PATIENCE_S = 20.0

OVERTIME_S = 180.0
"""Seconds beyond the job's duration after which a trainer that has not ended is taken for hung."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TrainingJob:
    """What the parts of a running job share.

    Attributes:
        settings: the job's.
        folder: of the run.
        lock: descriptor of the run's lock, which the launches hold too.
        redis: where Redis is, or is to be started.
        interruption: ends the job early.
        progress: sums over its episodes.
    """

    settings: JobSettings
    folder: RunFolder
    lock: int
    redis: RedisPlace
    interruption: Interruption
    progress: JobProgress = field(default_factory=JobProgress)


def train(
    resolved: ResolvedSettings,
    console: Console,
    source: str | None = None,
    *,
    video: bool = False,
) -> int:
    """Run a whole job: training, evaluation of the best model, summary.

    Args:
        resolved: the job's settings.
        console: where the display and the summary go.
        source: RUN or RUN:VERSION, of the model that a new run starts from.
        video: make a video of the evaluation, too.

    Returns:
        The exit code.

    Raises:
        ConfigurationError: something given cannot be used; nothing was started.
        JobFailed: a process of the job died; what there is has been summed up all the same.
    """
    settings = resolved.settings
    named = run_folder(settings.runs_folder, settings.run) if settings.run else None
    with doing(console, "looking at the inputs"):
        refuse_faults(job_findings(resolved, named, source))
        # Before this run is the latest one.
        origin = find_source(source, settings.runs_folder) if source is not None else None
    folder = named or new_run_folder(settings.runs_folder)
    with Interruption() as interruption, folder.claim() as lock:
        log_to_file(folder.logs / "deepracer.log", folder.name, settings.log_format)
        keep_inputs(settings, folder)
        if origin is not None:
            copy_source(origin, open_store(settings, folder))
            log.info("started from run=%s version=%d", origin.run.name, origin.version)
        job = TrainingJob(settings, folder, lock, redis_place(settings), interruption)
        version: int | None = None
        evaluation: Evaluation | None = None
        package: CarPackage | None = None
        try:
            run_training(job, console)
            version = best_version(settings, folder)
            if version is not None and settings.evaluation_trials and not interruption.came:
                with doing(console, f"evaluation: model v{version} drives"):
                    evaluation = run_evaluation(settings, folder, version, interruption)
            if video and evaluation is not None:
                film_evaluation(settings, folder, evaluation, interruption, console)
            if version is not None and not interruption.came:
                package = _write_best(job, version, console)
        finally:
            if interruption.came:
                console.print(f"Stopped by {interruption.name}.", style="yellow")
            print_summary(settings, folder, job.progress, evaluation, package, console)
        if interruption.came:
            return interruption.exit_code
        return exit_codes.NO_MODEL if version is None else exit_codes.DONE


def _write_best(job: TrainingJob, version: int, console: Console) -> CarPackage | None:
    """The best model as the car takes it; a job has not failed because that cannot be written."""
    store = job.settings.store or str(job.folder.store)
    try:
        with doing(console, f"model v{version} is made a package for the car"):
            return write_car_package(store, version, job.folder.car_package, job.interruption)
    except (ConfigurationError, JobFailed) as error:
        log.warning("no package: %s", error)
        console.print(f"There is no package for the car: {error}", style="yellow", markup=False)
    return None


def keep_inputs(settings: JobSettings, folder: RunFolder) -> None:
    """Write what the job was told into the run's folder, and point `latest` at it."""
    found: dict[str, Any] = {name: find_input(getattr(settings, name)) for name in INPUT_FIELDS}
    for path in found.values():
        _keep_input(path, folder.inputs)
    each_found = []
    for worker, own in enumerate(settings.worker_settings or ()):
        files = {name: find_input(Path(own[name])) for name in INPUT_FIELDS if name in own}
        for path in files.values():
            _keep_input(path, folder.inputs / f"worker-{worker}")
        each_found.append({**own, **{name: str(path) for name, path in files.items()}})
    found["worker_settings"] = tuple(each_found) or None
    write_settings(folder.settings_file, dataclasses.replace(settings, **found))
    folder.become_latest()


def _keep_input(path: Path, place: Path) -> None:
    place.mkdir(exist_ok=True)
    kept = place / path.name
    if path != kept:
        shutil.copyfile(path, kept)


def run_training(job: TrainingJob, console: Console) -> None:
    """Launch everything, show how it gets on, and stop it at the job's end or when interrupted.

    What dies is started anew: a worker, and the trainer with a Redis of the job's own, which has
    its data on the disk.

    Raises:
        JobFailed: something dies over and over, or the trainer did not end in time.
    """
    with (
        contextlib.closing(open_display(console)) as display,
        StatusFeed(job.redis.url, job.folder.name) as feed,
        contextlib.ExitStack() as afterwards,
        launch_job(job, feed) as launches,
    ):
        if job.redis.port is None:
            # This Redis outlives the job: what the workers write as they end counts, too.
            afterwards.callback(feed.finish, job.progress)
        learning, workers = launches.learning, launches.workers
        started = time.monotonic()
        while True:
            since_launch_s = time.monotonic() - started
            feed.update(job.progress)
            display.show(_view(job, feed, launches.problem, since_launch_s))
            if job.interruption.wait(_REFRESH_S):
                log.info("interrupted signal=%s", job.interruption.number)
                return
            if is_done(learning.launched) or (
                learning.launched.exit_code is not None and _seconds_left(job, feed) <= 0.0
            ):
                feed.update(job.progress)
                display.show(_last_view(job))
                return
            learning.look(workers.launches)
            workers.look([learning.launched])
            if since_launch_s > job.settings.job_duration_in_seconds + OVERTIME_S:
                raise JobFailed(
                    f"the trainer did not end within {OVERTIME_S:.0f} s after the job's duration;"
                    f" everything is in {learning.log_path}"
                )


def is_done(launched: LaunchedProcess) -> bool:
    """Whether a launch with a trainer has ended because the trainer had.

    Its exit code does not tell: `ros2 launch` gives 0 whatever became of its processes.
    """
    if launched.exit_code is None:
        return False
    end = first_end(launched.log_path, start=launched.log_start)
    return end is not None and end.name == "trainer" and end.exit_code == 0


@dataclass(frozen=True, slots=True)
class JobLaunches:
    """What runs for a job: Redis and the trainer in one launch, and a launch for each worker."""

    learning: KeptLaunch
    workers: Workers

    @property
    def problem(self) -> str | None:
        """What waits for its next start, and why; None when all runs."""
        return "\n".join(filter(None, (self.learning.problem, self.workers.problem))) or None


@contextlib.contextmanager
def launch_job(job: TrainingJob, feed: StatusFeed) -> Iterator[JobLaunches]:
    """Start the learning side, then the workers; all of it is stopped at the end.

    Args:
        job: what is to run.
        feed: knows how much of the job's time is left when the trainer is started again.
    """
    launches: list[LaunchedProcess] = []

    def launch(
        file: str, arguments: Arguments, log_name: str, workplace: Workplace
    ) -> LaunchedProcess:
        launched = LaunchedProcess(
            ros2_launch(file, arguments),
            {
                **os.environ,
                **workplace.environment(),
                **telemetry_settings(job.settings).environment(),
            },
            job.folder.logs / log_name,
            keep_open=(job.lock, workplace.lock),
        )
        launches.append(launched)
        return launched

    def start_worker(worker: int) -> LaunchedProcess:
        own = settings_of_worker(job.settings, worker)
        place = workplaces[worker]
        arguments = worker_arguments(own, job.folder, job.redis, place, worker)
        file, told = simulation_launch(own.simulator, arguments, place)
        return launch(file, told, f"worker-{worker}.log", place)

    def start_learning() -> LaunchedProcess:
        seconds = max(ceil(_seconds_left(job, feed)), 1)
        arguments = learning_arguments(job.settings, job.folder, job.redis, seconds)
        return launch("learn.launch.py", arguments, "launch.log", workplaces[0])

    with contextlib.ExitStack() as claimed:
        workplaces = [claimed.enter_context(claim_workplace()) for _ in range(job.settings.workers)]
        try:
            learning = KeptLaunch("training", start_learning)
            yield JobLaunches(learning, Workers(job.settings.workers, start_worker))
        finally:
            stop_together(launches)


def _seconds_left(job: TrainingJob, feed: StatusFeed) -> float:
    """Of the job's time, by the trainer's clock; all of it before that runs."""
    if feed.ends_at is None:
        return float(job.settings.job_duration_in_seconds)
    return feed.ends_at - time.monotonic()


def _last_view(job: TrainingJob) -> JobView:
    """The job is over; that its Redis is gone too is as it should be."""
    duration_s = float(job.settings.job_duration_in_seconds)
    return JobView(
        run=job.folder.name,
        track=_tracks(job.settings),
        phase="done",
        elapsed_s=duration_s,
        duration_s=duration_s,
        now=time.time(),
        progress=job.progress,
    )


def _view(
    job: TrainingJob, feed: StatusFeed, launch_problem: str | None, since_launch_s: float
) -> JobView:
    progress = job.progress
    duration_s = float(job.settings.job_duration_in_seconds)
    left_s = _seconds_left(job, feed)
    problem = feed.problem
    waiting = None
    if progress.episodes:
        driving = "gathering" if progress.policy_version else "driving at random"
        state = str(progress.trainer.get("state", ""))
        phase = driving if state in ("", "collecting") else state
    else:
        phase = "starting"
        waiting = f"waiting for {_awaited(job, feed)} ({clock_text(since_launch_s)})"
    # Redis comes up with the other parts, and goes with them when the trainer has ended.
    is_starting = not progress.episodes and since_launch_s < _START_PATIENCE_S
    if is_starting or left_s <= 0 or phase in ("ended", "interrupted"):
        problem = None
    return JobView(
        run=job.folder.name,
        track=_tracks(job.settings),
        phase=phase,
        elapsed_s=duration_s - left_s,
        duration_s=duration_s,
        now=time.time(),
        progress=progress,
        waiting=waiting,
        problem="\n".join(filter(None, (problem, launch_problem))) or None,
        live_video=_live_video(job.settings),
    )


def _live_video(settings: JobSettings) -> str | None:
    if settings.live_video is None:
        return None
    return addresses(settings.live_video, settings.workers)


def _tracks(settings: JobSettings) -> str:
    """The tracks that the workers drive on, each once."""
    own = (settings_of_worker(settings, worker) for worker in range(settings.workers))
    return ", ".join(dict.fromkeys(each.track for each in own))


def _awaited(job: TrainingJob, feed: StatusFeed) -> str:
    is_flat = job.settings.simulator == "flat"
    parts = ["the flat world" if is_flat else "Gazebo and the ROS nodes"]
    if not job.progress.trainer:
        parts.insert(0, "the trainer")
    if not feed.answers:
        parts.insert(0, "Redis")
    return ", ".join(parts)
