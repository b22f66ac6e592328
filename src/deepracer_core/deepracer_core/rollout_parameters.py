"""What a rollout is told, on the graph or without ROS, and the race that is made of it."""

from dataclasses import dataclass
from math import ceil

from deepracer_core.episode import EpisodeRules
from deepracer_core.hyperparameters import Hyperparameters, load_hyperparameters
from deepracer_core.model_metadata import load_model_metadata
from deepracer_core.model_store import open_storage
from deepracer_core.pace import MAX_POLICY_LAG
from deepracer_core.parameters import parameter
from deepracer_core.race_parameters import RaceParameters, create_starts, create_trial_rules
from deepracer_core.race_scenes import SceneSettings, create_scenes
from deepracer_core.randomisation_parameters import RandomisationParameters, create_randomisation
from deepracer_core.record_places import open_record_places
from deepracer_core.records import EvaluationRecords, TrainingRecords
from deepracer_core.records_writer import RecordsWriter
from deepracer_core.reward import load_reward_function
from deepracer_core.rollout import Rollout
from deepracer_core.telemetry.identity import WorkerIdentity
from deepracer_core.telemetry.log import trace_log
from deepracer_core.track_library import load_track


@dataclass(frozen=True)
class RolloutParameters(RaceParameters, RandomisationParameters, WorkerIdentity):
    """What the launch file tells the rollout node."""

    track: str = parameter("", "name of a track of the library")
    reward_function: str = parameter("", "path of reward_function.py")
    model_metadata: str = parameter("", "path of model_metadata.json")
    seed: int = parameter(0, "seed of the run", lowest=0, highest=2**31 - 1)
    redis: str = parameter(
        "", "address of the Redis server with the experience buffer, for training"
    )
    experience_transport: str = parameter(
        "redis", "redis: experience goes through Redis; s3: as objects into the store"
    )
    segment_length: int = parameter(32, "steps in a segment", lowest=1, highest=1024)
    max_steps: int = parameter(
        0, "cap on the steps of an episode, 0: by the track's length", lowest=0, highest=100_000
    )
    max_policy_lag: int = parameter(
        MAX_POLICY_LAG,
        "an episode of a training begins with a model at most so many versions behind",
        lowest=0,
        highest=100,
    )
    buffer_segments: int = parameter(
        4096, "bound of the experience buffer, segments", lowest=1, highest=1_000_000
    )
    buffer_megabytes: int = parameter(
        512, "bound of the experience buffer, MiB", lowest=1, highest=1_000_000
    )
    evaluation_share: float = parameter(
        0.0,
        "share of a training's steps for evaluations of its models, 0 for none",
        lowest=0.0,
        highest=0.9,
    )
    trials: int = parameter(3, "laps to try in an evaluation", lowest=1, highest=1000)
    store: str = parameter(
        "", "where the run's records are kept, and experience by s3; nowhere if empty"
    )
    traces: str = parameter("", "what the traces are kept below; with the records if empty")
    metrics_file: str = parameter("", "file of the metrics; with the records if empty")
    workers: int = parameter(1, "simulation workers of the run", lowest=1, highest=10_000)
    hyperparameters: str = parameter("", "path of hyperparameters.json, for training")
    trace_log: bool = parameter(False, "whether each step is printed as a SIM_TRACE_LOG line")
    results: str = parameter("", "file for the results of an evaluation, JSON; none if empty")


def create_race(given: RolloutParameters, first_episode: int = 0, trained: int = 0) -> Rollout:
    """The race that the parameters describe.

    Args:
        given: the node's parameters.
        first_episode: its number, when the run has been driven before.
        trained: training episodes that this worker drove before: the starts follow on theirs.

    Raises:
        ConfigurationError: a file or a name in them cannot be used.
    """
    track = load_track(given.track)
    training = given.mode == "training"
    # The workers of a run begin evenly spread over the lap.
    ahead = given.worker / given.workers
    return Rollout(
        load_reward_function(given.reward_function),
        load_model_metadata(given.model_metadata).action_space,
        create_starts(given, track, training=training, ahead=ahead, taken=trained),
        EpisodeRules(max_steps=given.max_steps or None),
        run=given.run,
        worker=given.worker,
        seed=given.seed,
        segment_length=given.segment_length,
        mode="training" if training else "evaluation",
        trials=given.trials,
        first_episode=first_episode,
        trial_rules=create_trial_rules(given),
        scenes=create_scenes(SceneSettings.of(given), track, seed=given.seed, worker=given.worker),
        randomisation=create_randomisation(given, seed=given.seed, worker=given.worker),
        evaluation_share=given.evaluation_share,
    )


def create_writer(given: RolloutParameters) -> RecordsWriter | None:
    """What keeps the traces and metrics that the parameters ask for.

    Raises:
        ConfigurationError: a file or an address in them cannot be used.
    """
    if not given.store:
        return None
    storage = open_storage(given.store)
    places = open_record_places(given.traces, given.metrics_file)
    is_discrete = load_model_metadata(given.model_metadata).action_space.is_discrete
    printed = trace_log() if given.trace_log else None
    if given.mode != "training":
        return RecordsWriter(
            EvaluationRecords(storage, is_discrete=is_discrete, places=places), printed
        )
    hyperparameters = (
        load_hyperparameters(given.hyperparameters) if given.hyperparameters else Hyperparameters()
    )
    records = TrainingRecords(
        storage,
        worker=given.worker,
        workers=given.workers,
        # An iteration of the run is as long as the user says, whoever drives it.
        episodes_per_iteration=ceil(hyperparameters.num_episodes_between_training / given.workers),
        is_discrete=is_discrete,
        places=places,
    )
    return RecordsWriter(records, printed)
