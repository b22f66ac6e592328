"""An environment that is solved by looking, and networks so tiny that they learn it in seconds."""

import numpy as np
from deepracer_core.hyperparameters import Hyperparameters
from deepracer_core.segment import Segment, SegmentMeta
from deepracer_trainer.distributions import Beta, Categorical
from deepracer_trainer.experience import Trajectory
from deepracer_trainer.networks import Architecture, build_network
from deepracer_trainer.ppo import ClippedPPO

SIZE = 8
TINY = Architecture(pool=1, convolutions=((8, 3, 2),), dense=(32,))
ACTIONS = 3
GREY = 128


class IdentityEnvironment:
    """Each picture says which action is right; an episode has eight pictures.

    Discrete: the brightest third of the columns is the action. Continuous: the brightness is the
    steering that is right, and its opposite the speed.
    """

    def __init__(self, seed: int, *, is_discrete: bool) -> None:
        self.is_discrete = is_discrete
        self.rng = np.random.default_rng(seed)
        self.episode = 0

    def pictures(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        """uint8[count, SIZE, SIZE] and the right action for each."""
        if self.is_discrete:
            right = self.rng.integers(ACTIONS, size=count)
            shown = np.zeros((count, SIZE, SIZE), np.uint8)
            for i, action in enumerate(right):
                shown[i, :, 2 * action : 2 * action + 2] = 255
            return shown, right.astype(np.int32)
        target = self.rng.uniform(-0.8, 0.8, size=count)
        shown = np.round((target[:, None, None] + 1.0) * 127.5) * np.ones((1, SIZE, SIZE))
        return shown.astype(np.uint8), np.stack([target, -target], axis=1).astype(np.float32)

    def reward(self, actions: np.ndarray, right: np.ndarray) -> np.ndarray:
        if self.is_discrete:
            return (actions == right).astype(np.float32)
        return (1.0 - np.abs(actions - right).mean(axis=1)).astype(np.float32)

    def drive(self, act, version: int, steps: int = 8) -> Trajectory:
        """An episode; `act` maps uint8[M, SIZE, SIZE] to actions."""
        shown, right = self.pictures(steps + 1)
        actions = act(shown[:-1])
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

    def random(self, shown: np.ndarray) -> np.ndarray:
        """Version 0."""
        if self.is_discrete:
            return self.rng.integers(ACTIONS, size=len(shown)).astype(np.int32)
        return self.rng.uniform(-1.0, 1.0, size=(len(shown), 2)).astype(np.float32)

    def draw(self, learner: ClippedPPO, shown: np.ndarray) -> np.ndarray:
        """Actions drawn from a learner's policy."""
        parameters = learner.network(shown[..., np.newaxis])[0].numpy()
        if self.is_discrete:
            gumbel = self.rng.gumbel(size=parameters.shape)
            return (parameters + gumbel).argmax(axis=1).astype(np.int32)
        alpha, beta = parameters[:, 0::2], parameters[:, 1::2]
        return (2.0 * self.rng.beta(alpha, beta) - 1.0).astype(np.float32)

    def greedy_reward(self, learner: ClippedPPO) -> float:
        """Mean reward of the likeliest actions."""
        shown, right = self.pictures(256)
        parameters = learner.network(shown[..., np.newaxis])[0].numpy()
        if self.is_discrete:
            return float(self.reward(parameters.argmax(axis=1), right).mean())
        alpha, beta = parameters[:, 0::2], parameters[:, 1::2]
        return float(self.reward(2.0 * alpha / (alpha + beta) - 1.0, right).mean())


def make_segment(
    *,
    observations: np.ndarray | None = None,
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
        observations=np.full((steps + 1, SIZE, SIZE), GREY, np.uint8)
        if observations is None
        else observations,
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


def make_learner(*, is_discrete: bool = True, seed: int = 0, **hyperparameters) -> ClippedPPO:
    given = {"lr": 1e-3, "batch_size": 32, "num_epochs": 4, "discount_factor": 0.0}
    outputs = ACTIONS if is_discrete else 2
    return ClippedPPO(
        build_network(TINY, (SIZE, SIZE, 1), outputs, is_discrete=is_discrete, seed=seed),
        Categorical(ACTIONS) if is_discrete else Beta(2),
        Hyperparameters(**given | hyperparameters),
        seed=seed,
    )
