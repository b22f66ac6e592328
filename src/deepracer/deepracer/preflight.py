"""Everything that a user can get wrong, looked at before anything starts."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from deepracer_core.action_space import ActionSpace, Command
from deepracer_core.episode import CarState, Episode, EpisodeRules
from deepracer_core.errors import ConfigurationError
from deepracer_core.hyperparameters import load_hyperparameters
from deepracer_core.model_metadata import ModelMetadata, load_model_metadata, parse_model_metadata
from deepracer_core.model_store import ModelStore, StoreError, open_model_store
from deepracer_core.race_objects import SceneSource
from deepracer_core.race_scenes import SceneSettings, create_scenes
from deepracer_core.redis_connection import RedisUnavailable, address, connect
from deepracer_core.reward import RewardError, load_reward_function, reward_params
from deepracer_core.simulation import CONTROL_RATE, frame_time_ns
from deepracer_core.stage import Stage
from deepracer_core.starts import Start
from deepracer_core.telemetry.prometheus import Exporter
from deepracer_core.track import Track
from deepracer_core.track_library import load_track

from deepracer.clone import find_source
from deepracer.launch_arguments import telemetry_settings
from deepracer.live_video.target import addresses, check_free
from deepracer.project_files import find_input
from deepracer.run_folder import RunFolder
from deepracer.settings import JobSettings
from deepracer.settings_sources import ResolvedSettings, settings_of_worker

_REDIS_DEADLINE_S = 3.0


@dataclass(frozen=True, slots=True)
class Finding:
    """What looking at one thing gave.

    Attributes:
        subject: what was looked at, usually the name of a setting.
        detail: what was found, in a few words; of a fault, all that the person needs to mend it.
        good: whether it can be used.
    """

    subject: str
    detail: str
    good: bool


def preflight(
    resolved: ResolvedSettings, folder: RunFolder | None, source: str | None = None
) -> None:
    """Look at everything and refuse to start if anything cannot be used.

    Args:
        resolved: the job's settings.
        folder: of the run, if it has a name already.
        source: of the model that a new run is to start from, RUN or RUN:VERSION.

    Raises:
        ConfigurationError: with every fault that was found.
    """
    every = findings(resolved, folder, source)
    faults = [finding.detail for finding in every if not finding.good]
    if faults:
        raise ConfigurationError("\n".join(faults))


def findings(
    resolved: ResolvedSettings, folder: RunFolder | None, source: str | None = None
) -> Iterator[Finding]:
    """Look at one thing after the other; faults are findings too."""
    settings = resolved.settings
    metadata = find_input(settings.model_metadata)
    for subject, look in (
        ("track", lambda: _look_at_track(settings.track)),
        ("race_type", lambda: _look_at_race(settings)),
        ("model_metadata", lambda: _look_at_model_metadata(metadata)),
        ("hyperparameters", lambda: _look_at_hyperparameters(find_input(settings.hyperparameters))),
        ("reward_function", lambda: _look_at_reward(settings)),
        ("redis", lambda: _look_at_redis(settings.redis)),
        ("store", lambda: _look_at_store(settings.store)),
        ("metrics_port", lambda: _look_at_metrics(settings)),
        ("live_video", lambda: _look_at_live_video(settings)),
        ("run", lambda: _look_at_run(settings.store, folder, metadata)),
        ("stop_after_laps", lambda: _look_at_end(settings)),
    ):
        yield _finding(subject, resolved.sources.get(subject, ""), look)
    if source is not None:
        look = partial(_look_at_source, source, settings, folder, metadata)
        yield _finding("--from", "", look)
    for worker in range(len(settings.worker_settings or ())):
        own = settings_of_worker(settings, worker)
        source = resolved.sources["worker_settings"]
        yield _finding(f"worker {worker}", source, partial(_look_at_worker, own))


def _finding(subject: str, source: str, look: Callable[[], str]) -> Finding:
    try:
        return Finding(subject, look(), good=True)
    except (ConfigurationError, RewardError, RedisUnavailable, StoreError) as error:
        text = str(error)
    where = f" (from {source})" if source not in ("", "default") else ""
    return Finding(subject, f"{subject}{where}: {text}", good=False)


def _look_at_track(name: str) -> str:
    track = load_track(name)
    return f"{name}, {track.length:.1f} m"


def _look_at_worker(own: JobSettings) -> str:
    track, race = _look_at_track(own.track), _look_at_race(own)
    return f"{track}, {race}; its reward {_look_at_reward(own)}"


def _look_at_race(settings: JobSettings) -> str:
    try:
        track = load_track(settings.track)
    except ConfigurationError:
        return f"{settings.race_type}, and there is no track to try it on"
    _scenes(settings, track)
    return settings.race_type


def _scenes(settings: JobSettings, track: Track) -> SceneSource | None:
    return create_scenes(SceneSettings.of(settings), track, seed=settings.seed, worker=0)


def _look_at_model_metadata(path: Path) -> str:
    metadata = load_model_metadata(path)
    space = metadata.action_space
    kind = f"{space.size} actions" if space.is_discrete else "continuous actions"
    sensors = " and ".join(metadata.sensors)
    return f"{metadata.training_algorithm}, {kind}, {sensors}, {metadata.neural_network}; {path}"


def _look_at_end(settings: JobSettings) -> str:
    if settings.stop_after_laps is None:
        return f"none: it ends after {settings.job_duration_in_seconds} s"
    if settings.evaluation_share == 0.0:
        raise ConfigurationError(
            f"{settings.stop_after_laps} laps are counted in evaluations, and evaluation_share is"
            " 0: raise that, or leave this out"
        )
    return f"{settings.stop_after_laps} laps in a row, or {settings.job_duration_in_seconds} s"


def _look_at_hyperparameters(path: Path) -> str:
    hyperparameters = load_hyperparameters(path)
    return (
        f"{hyperparameters.num_episodes_between_training} episodes an iteration,"
        f" {hyperparameters.num_epochs} epochs, lr {hyperparameters.lr:g}; {path}"
    )


def _look_at_reward(settings: JobSettings) -> str:
    path = find_input(settings.reward_function)
    function = load_reward_function(path)
    try:
        track = load_track(settings.track)
        scenes = _scenes(settings, track)
    except ConfigurationError:
        return f"it loads, but there is no race to try it on; {path}"
    return f"gives {function(_first_step(track, scenes)):g} at the start line; {path}"


def _first_step(track: Track, scenes: SceneSource | None) -> dict[str, Any]:
    """What a reward function is told when the car has left the start line at 1 m/s."""
    stage = Stage(scenes)
    place = stage.prepare(Start(track, 0.0), episode=0)
    start, after = (
        CarState(
            frame_time_ns(step), *track.pose_at(place.distance + step / CONTROL_RATE), 1.0, 0.0
        )
        for step in (0, 1)
    )
    stage.begin(start.time_ns)
    episode = Episode(track, EpisodeRules(), start, 0, stage.objects_at)
    return reward_params(track, track.waypoints, episode.advance(after))


def _look_at_redis(url: str | None) -> str:
    if url is None:
        return "one is started for the job"
    connect(url, _REDIS_DEADLINE_S).close()
    return f"answers at {address(url)}"


def _look_at_store(url: str | None) -> str:
    if url is None:
        return "a folder of the run"
    store = open_model_store(url)
    store.check(writing=True)
    return f"can be written: {store.url}"


def _look_at_metrics(settings: JobSettings) -> str:
    if not settings.metrics_port:
        return "nobody answers Prometheus"
    telemetry, host = telemetry_settings(settings), settings.metrics_host
    ports = [telemetry.port_of(worker) for worker in (None, *range(settings.workers))]
    for port in ports:
        Exporter(host, port).close()
    return f"Prometheus is answered at {host}:{ports[0]} to {ports[-1]}"


def _look_at_live_video(settings: JobSettings) -> str:
    if settings.live_video is None:
        return "none"
    check_free(settings.live_video, settings.workers)
    return addresses(settings.live_video, settings.workers)


def _look_at_run(store_url: str | None, folder: RunFolder | None, metadata: Path) -> str:
    """Whether there is a model to train on from, and whether it fits what is asked for."""
    if store_url is None and (folder is None or not folder.store.is_dir()):
        return "a new one"
    store = open_model_store(store_url or str(folder.store))  # type: ignore[union-attr]
    version = store.latest()
    if version is None:
        return "a new one"
    differences = _differences(_trained(store, version), load_model_metadata(metadata))
    if differences:
        raise ConfigurationError(
            f"its newest model, version {version} in {store.url}, was trained with another"
            f" {' and '.join(differences)} than {metadata} asks for: give it the file it was"
            " trained with, or start a new run with --run NAME"
        )
    return f"trains on from version {version} in {store.url}"


def _look_at_source(
    named: str, settings: JobSettings, folder: RunFolder | None, metadata: Path
) -> str:
    """Whether there is that model, fit for what is asked for, and no other in its place."""
    source = find_source(named, settings.runs_folder)
    differences = _differences(
        _trained(source.store, source.version), load_model_metadata(metadata)
    )
    if differences:
        raise ConfigurationError(
            f"{source} was trained with another {' and '.join(differences)} than {metadata} asks"
            f" for: give it the file it was trained with, --model-metadata"
            f" {source.run.inputs / 'model_metadata.json'}"
        )
    if settings.store is not None or (folder is not None and folder.store.is_dir()):
        store = open_model_store(settings.store or str(folder.store))  # type: ignore[union-attr]
        version = store.latest()
        if version is not None:
            raise ConfigurationError(
                f"expected a new run, but there is version {version} in {store.url} already: leave"
                " --from out to train on from that, or start another run with --run NAME"
            )
    return f"starts from {source}"


def _trained(store: ModelStore, version: int) -> ModelMetadata:
    """What a version in a store was trained with."""
    stored = store.load(version, names=["model_metadata.json"]).files["model_metadata.json"]
    source = f"model_metadata.json of version {version} in {store.url}"
    return parse_model_metadata(stored.decode(errors="replace"), source)


def _differences(trained: ModelMetadata, asked: ModelMetadata) -> list[str]:
    names = ("neural_network", "training_algorithm")
    different = [name for name in names if getattr(trained, name) != getattr(asked, name)]
    if trained.sensors != asked.sensors:
        different.append("sensor")
    if _commands(trained.action_space) != _commands(asked.action_space):
        different.insert(0, "action_space")
    return different


def _commands(space: ActionSpace) -> list[Command]:
    """What tells one action space from another: its commands, or the corners of its range."""
    if space.is_discrete:
        return [space.command(action) for action in range(space.size)]
    return [space.command(np.full(space.size, edge, np.float32)) for edge in (-1.0, 1.0)]
