"""The learner that model_metadata.json and hyperparameters.json ask for."""

from pathlib import Path

from deepracer_core.frame_stack import stacked_shape
from deepracer_core.hyperparameters import Hyperparameters
from deepracer_core.model_metadata import ModelMetadata
from deepracer_core.observation import observation_shapes

from deepracer_trainer.distributions import Beta, Categorical
from deepracer_trainer.learning import Learner
from deepracer_trainer.networks import ARCHITECTURES, build_actor_critics, build_network
from deepracer_trainer.ppo import ClippedPPO
from deepracer_trainer.replay import ReplayMemory
from deepracer_trainer.sac import SoftActorCritic, target_entropy
from deepracer_trainer.user_network import load_trunk


def build_learner(
    metadata: ModelMetadata,
    hyperparameters: Hyperparameters,
    seed: int,
    folder: Path = Path(),
) -> Learner:
    """A learner with a fresh network.

    Args:
        metadata: which algorithm and network, and for which actions and sensors.
        hyperparameters: how it learns.
        seed: of the first weights, of the order of the batches, and of what is drawn.
        folder: of model_metadata.json, where the path of a user's own network begins.

    Raises:
        ConfigurationError: there is no such network, or it cannot be built.
    """
    actions = metadata.action_space
    shapes = {
        sensor: stacked_shape(sensor, shape, hyperparameters.stack_size)
        for sensor, shape in observation_shapes(metadata.sensors).items()
    }
    ours = ARCHITECTURES.get(metadata.neural_network)
    trunk = ours or load_trunk(metadata.neural_network, folder, seed)
    # What a user's own network does may be something that XLA cannot compile.
    compiled = ours is not None
    kind = {"is_discrete": actions.is_discrete, "seed": seed}
    distribution = Categorical(actions.size) if actions.is_discrete else Beta(actions.size)
    if metadata.training_algorithm == "clipped_ppo":
        network = build_network(trunk, shapes, actions.size, **kind)
        return ClippedPPO(network, distribution, hyperparameters, seed=seed, jit_compile=compiled)
    actor, critics = build_actor_critics(trunk, shapes, actions.size, **kind)
    return SoftActorCritic(
        actor,
        critics,
        distribution,
        hyperparameters,
        target_entropy=target_entropy(actions, hyperparameters.sac_target_entropy),
        replay=ReplayMemory(hyperparameters.stack_size),
        seed=seed,
        jit_compile=compiled and actions.is_discrete,
    )
