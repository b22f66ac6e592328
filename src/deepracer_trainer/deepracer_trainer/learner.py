"""The learner that model_metadata.json and hyperparameters.json ask for."""

from deepracer_core.hyperparameters import Hyperparameters
from deepracer_core.model_metadata import ModelMetadata
from deepracer_core.observation import observation_shapes

from deepracer_trainer.distributions import Beta, Categorical
from deepracer_trainer.networks import ARCHITECTURES, build_network
from deepracer_trainer.ppo import ClippedPPO


def build_learner(
    metadata: ModelMetadata, hyperparameters: Hyperparameters, seed: int
) -> ClippedPPO:
    """A learner with a fresh network.

    Args:
        metadata: which network, and for which actions and sensors.
        hyperparameters: how it learns.
        seed: of the first weights and of the order of the batches.
    """
    actions = metadata.action_space
    network = build_network(
        ARCHITECTURES[metadata.neural_network],
        observation_shapes(metadata.sensors),
        actions.size,
        is_discrete=actions.is_discrete,
        seed=seed,
    )
    distribution = Categorical(actions.size) if actions.is_discrete else Beta(actions.size)
    return ClippedPPO(network, distribution, hyperparameters, seed=seed)
