"""An environment that is solved by looking, and networks so tiny that they learn it in seconds."""

from collections.abc import Mapping, Sequence

import numpy as np
from deepracer_core.hyperparameters import Hyperparameters
from deepracer_core.observation import Observation
from deepracer_core.segment import Segment, SegmentMeta
from deepracer_core.sensors import (
    DISCRETIZED_SECTOR_LIDAR,
    FRONT_FACING_CAMERA,
    LIDAR,
    LIDAR_RANGE,
    SECTOR_LIDAR,
    STEREO_CAMERAS,
)
from deepracer_trainer.distributions import Beta, Categorical
from deepracer_trainer.experience import Trajectory
from deepracer_trainer.learning import Learner
from deepracer_trainer.networks import Architecture, build_actor_critics, build_network
from deepracer_trainer.ppo import ClippedPPO
from deepracer_trainer.replay import ReplayMemory
from deepracer_trainer.sac import SoftActorCritic

SIZE = 8
SHAPES = {
    FRONT_FACING_CAMERA: (SIZE, SIZE),
    STEREO_CAMERAS: (SIZE, SIZE, 2),
    LIDAR: (SIZE,),
    SECTOR_LIDAR: (SIZE,),
    DISCRETIZED_SECTOR_LIDAR: (SIZE,),
}
CAMERA = (FRONT_FACING_CAMERA,)
TINY = Architecture(pool=1, convolutions=((8, 3, 2),), dense=(32,))
ACTIONS = 3
GREY = 128


class IdentityEnvironment:
    """Each observation says which action is right; an episode has eight observations.

    Discrete: the brightest third of the columns is the action. Continuous: the brightness is the
    steering that is right, and its opposite the speed. Of several sensors one shows it at a time,
    so that none can be done without.
    """

    def __init__(self, seed: int, *, is_discrete: bool, sensors: Sequence[str] = CAMERA) -> None:
        self.is_discrete = is_discrete
        self.sensors = sensors
        self.rng = np.random.default_rng(seed)
        self.episode = 0

    def observations(self, count: int) -> tuple[Observation, np.ndarray]:
        """[count, ...] of each sensor and the right action for each."""
        if self.is_discrete:
            right = self.rng.integers(ACTIONS, size=count).astype(np.int32)
            columns = (np.arange(SIZE) // 2 == right[:, None]).astype(np.float64)
        else:
            target = self.rng.uniform(-0.8, 0.8, size=count)
            right = np.stack([target, -target], axis=1).astype(np.float32)
            columns = np.repeat(0.5 * (target[:, None] + 1.0), SIZE, axis=1)
        showing = self.rng.integers(len(self.sensors), size=count)
        return {
            sensor: show(sensor, np.where(showing[:, None] == number, columns, 0.0))
            for number, sensor in enumerate(self.sensors)
        }, right

    def reward(self, actions: np.ndarray, right: np.ndarray) -> np.ndarray:
        if self.is_discrete:
            return (actions == right).astype(np.float32)
        return (1.0 - np.abs(actions - right).mean(axis=1)).astype(np.float32)

    def drive(self, act, version: int, steps: int = 8) -> Trajectory:
        """An episode; `act` maps observations, [M, ...] of each sensor, to actions."""
        shown, right = self.observations(steps + 1)
        actions = act({sensor: array[:-1] for sensor, array in shown.items()})
        self.episode += 1
        return Trajectory(
            (
                make_segment(
                    observations=shown,
                    actions=actions,
                    rewards=self.reward(actions, right[:-1]),
                    terminated=True,
                    episode=self.episode,
                    version=version,
                ),
            )
        )

    def random(self, shown: Observation) -> np.ndarray:
        """Version 0."""
        count = len(shown[self.sensors[0]])
        if self.is_discrete:
            return self.rng.integers(ACTIONS, size=count).astype(np.int32)
        return self.rng.uniform(-1.0, 1.0, size=(count, 2)).astype(np.float32)

    def draw(self, learner: Learner, shown: Observation) -> np.ndarray:
        """Actions drawn from a learner's policy."""
        parameters = learner.network(shown)[0].numpy()
        if self.is_discrete:
            gumbel = self.rng.gumbel(size=parameters.shape)
            return (parameters + gumbel).argmax(axis=1).astype(np.int32)
        alpha, beta = parameters[:, 0::2], parameters[:, 1::2]
        return (2.0 * self.rng.beta(alpha, beta) - 1.0).astype(np.float32)

    def greedy_reward(self, learner: Learner) -> float:
        """Mean reward of the likeliest actions."""
        shown, right = self.observations(256)
        parameters = learner.network(shown)[0].numpy()
        if self.is_discrete:
            return float(self.reward(parameters.argmax(axis=1), right).mean())
        alpha, beta = parameters[:, 0::2], parameters[:, 1::2]
        return float(self.reward(2.0 * alpha / (alpha + beta) - 1.0, right).mean())


def show(sensor: str, columns: np.ndarray) -> np.ndarray:
    """What a sensor sees of float[count, SIZE] of brightness (or nearness) within [0, 1]."""
    count, shape = len(columns), SHAPES[sensor]
    if len(shape) == 1:
        if sensor == LIDAR:
            columns = LIDAR_RANGE[0] + (1.0 - columns) * (LIDAR_RANGE[1] - LIDAR_RANGE[0])
        return columns.astype(np.float32)
    bright = np.round(255.0 * columns).astype(np.uint8)
    bright = bright.reshape(count, 1, SIZE, *[1] * (len(shape) - 2))
    return np.array(np.broadcast_to(bright, (count, *shape)))


def make_segment(
    *,
    observations: Mapping[str, np.ndarray] | None = None,
    actions: np.ndarray | None = None,
    rewards: np.ndarray | None = None,
    terminated: bool = False,
    truncated: bool = False,
    steps: int = 4,
    episode: int = 0,
    segment: int = 0,
    worker: int = 0,
    version: int = 0,
) -> Segment:
    rewards = np.ones(steps, np.float32) if rewards is None else rewards
    steps = len(rewards)
    return Segment(
        observations=grey(steps + 1) if observations is None else observations,
        actions=np.zeros(steps, np.int32) if actions is None else actions,
        rewards=rewards,
        terminated=terminated,
        truncated=truncated,
        meta=SegmentMeta(
            run="test",
            worker=worker,
            episode=episode,
            segment=segment,
            policy_version=version,
            seed=0,
            track="identity",
            first_step=1 + segment * steps,
        ),
    )


def grey(count: int) -> Observation:
    """So many pictures of nothing."""
    return {FRONT_FACING_CAMERA: np.full((count, SIZE, SIZE), GREY, np.uint8)}


def make_learner(
    *, is_discrete: bool = True, sensors: Sequence[str] = CAMERA, seed: int = 0, **hyperparameters
) -> ClippedPPO:
    given = {"lr": 1e-3, "batch_size": 32, "num_epochs": 4, "discount_factor": 0.0}
    outputs = ACTIONS if is_discrete else 2
    shapes = {sensor: SHAPES[sensor] for sensor in sensors}
    return ClippedPPO(
        build_network(TINY, shapes, outputs, is_discrete=is_discrete, seed=seed),
        Categorical(ACTIONS) if is_discrete else Beta(2),
        Hyperparameters(**given | hyperparameters),
        seed=seed,
    )


def make_sac(
    *, is_discrete: bool = True, sensors: Sequence[str] = CAMERA, seed: int = 0, **hyperparameters
) -> SoftActorCritic:
    given = {"lr": 1e-3, "batch_size": 32, "discount_factor": 0.0, "sac_updates_per_step": 1.0}
    outputs = ACTIONS if is_discrete else 2
    shapes = {sensor: SHAPES[sensor] for sensor in sensors}
    actor, critics = build_actor_critics(TINY, shapes, outputs, is_discrete=is_discrete, seed=seed)
    return SoftActorCritic(
        actor,
        critics,
        Categorical(ACTIONS) if is_discrete else Beta(2),
        Hyperparameters(**given | hyperparameters),
        target_entropy=0.3 if is_discrete else -2.0,
        replay=ReplayMemory(),
        seed=seed,
    )
