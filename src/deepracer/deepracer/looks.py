"""Looks at what a job is given: each at one thing, which it describes or raises what is wrong."""

from deepracer_core.errors import ConfigurationError
from deepracer_core.hyperparameters import load_hyperparameters
from deepracer_core.model_metadata import load_model_metadata
from deepracer_core.model_store import open_model_store
from deepracer_core.race_objects import SceneSource
from deepracer_core.race_scenes import SceneSettings, create_scenes
from deepracer_core.redis_connection import address, connect
from deepracer_core.reward import load_reward_function
from deepracer_core.telemetry.prometheus import Exporter
from deepracer_core.track import Track
from deepracer_core.track_library import load_track

from deepracer.dry_lap import drive_dry_lap
from deepracer.launch_arguments import telemetry_settings
from deepracer.live_video.target import addresses, check_free
from deepracer.project_files import find_input
from deepracer.settings import JobSettings

_REDIS_DEADLINE_S = 3.0


def look_at_track(settings: JobSettings) -> str:
    """Whether there is such a track."""
    track = load_track(settings.track)
    return f"{settings.track}, {track.length:.1f} m"


def look_at_race(settings: JobSettings) -> str:
    """Whether there is such a race, and its objects find room on the track."""
    try:
        track = load_track(settings.track)
    except ConfigurationError:
        return f"{settings.race_type}, and there is no track to try it on"
    _scenes(settings, track)
    return settings.race_type


def look_at_model_metadata(settings: JobSettings) -> str:
    """Whether the file can be used."""
    path = find_input(settings.model_metadata)
    metadata = load_model_metadata(path)
    space = metadata.action_space
    kind = f"{space.size} actions" if space.is_discrete else "continuous actions"
    sensors = " and ".join(metadata.sensors)
    return f"{metadata.training_algorithm}, {kind}, {sensors}, {metadata.neural_network}; {path}"


def look_at_hyperparameters(settings: JobSettings) -> str:
    """Whether the file can be used."""
    path = find_input(settings.hyperparameters)
    hyperparameters = load_hyperparameters(path)
    return (
        f"{hyperparameters.num_episodes_between_training} episodes an iteration,"
        f" {hyperparameters.num_epochs} epochs, lr {hyperparameters.lr:g}; {path}"
    )


def look_at_reward(settings: JobSettings) -> str:
    """Whether the reward function rewards each step of a dry lap in the race that it is for."""
    path = find_input(settings.reward_function)
    function = load_reward_function(path)
    try:
        track = load_track(settings.track)
        scenes = _scenes(settings, track)
    except ConfigurationError:
        return f"it loads, but there is no race to try it on; {path}"
    driven = drive_dry_lap(
        function,
        track.reversed() if settings.reverse_direction else track,
        scenes,
        both_directions=settings.alternate_driving_direction,
    )
    return (
        f"gives {driven.lowest:g} to {driven.highest:g} in {driven.steps} steps of a dry lap;"
        f" {path}"
    )


def look_at_redis(settings: JobSettings) -> str:
    """Whether the server answers, if one is named."""
    if settings.redis is None:
        return "one is started for the job"
    connect(settings.redis, _REDIS_DEADLINE_S).close()
    return f"answers at {address(settings.redis)}"


def look_at_store(settings: JobSettings) -> str:
    """Whether the store can be written, if one is named."""
    if settings.store is None:
        return "a folder of the run"
    store = open_model_store(settings.store)
    store.check(writing=True)
    return f"can be written: {store.url}"


def look_at_metrics(settings: JobSettings) -> str:
    """Whether the ports on which Prometheus asks are free."""
    if not settings.metrics_port:
        return "nobody answers Prometheus"
    telemetry, host = telemetry_settings(settings), settings.metrics_host
    ports = [telemetry.port_of(worker) for worker in (None, *range(settings.workers))]
    for port in ports:
        Exporter(host, port).close()
    return f"Prometheus is answered at {host}:{ports[0]} to {ports[-1]}"


def look_at_live_video(settings: JobSettings) -> str:
    """Whether there is such a place for live video, and its ports are free."""
    if settings.live_video is None:
        return "none"
    check_free(settings.live_video, settings.workers)
    return addresses(settings.live_video, settings.workers)


def look_at_end(settings: JobSettings) -> str:
    """Whether the laps that end the job are counted."""
    if settings.stop_after_laps is None:
        return f"none: it ends after {settings.job_duration_in_seconds} s"
    if settings.evaluation_share == 0.0:
        raise ConfigurationError(
            f"{settings.stop_after_laps} laps are counted in evaluations, and evaluation_share is"
            " 0: raise that, or leave this out"
        )
    return f"{settings.stop_after_laps} laps in a row, or {settings.job_duration_in_seconds} s"


def look_at_worker(own: JobSettings) -> str:
    """Whether a worker can be driven with what it has of its own."""
    track, race = look_at_track(own), look_at_race(own)
    return f"{track}, {race}; its reward {look_at_reward(own)}"


def _scenes(settings: JobSettings, track: Track) -> SceneSource | None:
    return create_scenes(SceneSettings.of(settings), track, seed=settings.seed, worker=0)
