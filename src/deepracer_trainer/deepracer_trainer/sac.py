"""Soft actor-critic (Haarnoja et al. 2018b, https://arxiv.org/abs/1812.05905).

For both action spaces; the discrete one: Christodoulou 2019, https://arxiv.org/abs/1910.07207.
One update: take the new steps into the replay memory, then, a number of times, draw a batch from
all of it and descend three losses: of the twin critics (equation 5), of the policy (equation 7) and
of the temperature (equation 18). Beside the paper:

- A continuous policy is the project's Beta instead of a squashed Gaussian, drawn from with a
  gradient, so that it acts from the same file as PPO's. It has an entropy in closed form, as a
  discrete one has; where the paper draws -log pi, the expectation stands here for both.
- Actor and critics share a trunk, see `networks.build_actor_critics`.
- Rewards are scaled by their running root mean square so that a stream of usual ones is worth ten,
  whatever the reward function pays and however far ahead discount_factor looks.

Shapes: B in a batch, K numbers that describe the policy's distribution, A actions, F features.
"""

import math
from collections.abc import Callable, Sequence

import keras
import numpy as np
import tensorflow as tf
from deepracer_core.action_space import ActionSpace
from deepracer_core.hyperparameters import Hyperparameters
from deepracer_core.segment import Segment
from numpy.typing import NDArray

from deepracer_trainer.distributions import Beta, Distribution
from deepracer_trainer.experience import Trajectory
from deepracer_trainer.learning import (
    LARGEST_LOSS,
    LearnerState,
    NonFiniteLossError,
    UpdateInterruptedError,
)
from deepracer_trainer.networks import CRITICS, takes
from deepracer_trainer.ppo import value_error
from deepracer_trainer.replay import ReplayMemory, Transitions

TARGET_RATE = 0.01
"""tau: how much of the way to the critics the target networks go in each step."""

_TARGET = "target/"
_TEMPERATURE = "log_temperature"
_WORTH_OF_STREAM = 10.0
_SHORTEST_STEP = 1e-3  # share of the horizon, for a discount_factor of 1
_LARGEST_REWARD = 1e18  # its square is still a float32
_METRICS = (
    "losses/critic",
    "losses/policy",
    "losses/q_value",
    "losses/entropy",
    "losses/temperature",
    "losses/gradient_norm",
    "losses/policy_gradient_norm",
)


class SoftActorCritic:
    """The learner.

    Args:
        network: the actor, from `networks.build_actor_critics`.
        critics: from there, too.
        distribution: of the policy.
        hyperparameters: how it learns.
        target_entropy: nats that the temperature keeps the policy's entropy near.
        replay: where to learn from.
        seed: of the draws.
        jit_compile: let XLA fuse the network's operations, which takes some seconds once. Not for
            continuous actions: XLA has no Gamma variables to draw.
    """

    def __init__(
        self,
        network: keras.Model,
        critics: keras.Model,
        distribution: Distribution,
        hyperparameters: Hyperparameters,
        *,
        target_entropy: float,
        replay: ReplayMemory,
        seed: int,
        jit_compile: bool = False,
    ) -> None:
        self.network = network
        self.replay = replay
        self._critics = critics
        self._distribution = distribution
        self._hyperparameters = hyperparameters
        self._target_entropy = target_entropy
        self._rng = np.random.default_rng(seed)
        self._steps = 0
        self._reward_scale = 0.0
        step = max(1.0 - hyperparameters.discount_factor, _SHORTEST_STEP)
        self._worth_of_reward = _WORTH_OF_STREAM * step
        # In the critics' unit; 0 is as good as none, and stays so.
        self._log_temperature = keras.Variable(
            math.log(max(hyperparameters.sac_alpha, 1e-8) * self._worth_of_reward),
            name=_TEMPERATURE,
        )
        self._target_trunk = keras.models.clone_model(
            keras.Model(network.inputs, network.outputs[1], name="target_trunk")
        )
        self._target_critics = keras.models.clone_model(critics)
        self._copy_to_targets(1.0)

        trained = [*network.trainable_variables, *critics.trainable_variables]
        self._policy_variables = [v for v in trained if v.path.startswith("policy")]
        self._critic_variables = [v for v in trained if not v.path.startswith("policy")]
        self._variables = [*self._critic_variables, *self._policy_variables, self._log_temperature]
        self._optimizer = keras.optimizers.Adam(hyperparameters.lr, epsilon=1e-8, name="adam")
        self._optimizer.build(self._variables)
        # Graph rewriting merges sums into longer ones, whose order is not fixed (`_beta_entropy`);
        # without it the same seed gives the same bits, and updates take no longer.
        tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
        self._learn = tf.function(self._step, jit_compile=jit_compile)

    # ---- which experience: it does not matter which version acted --------------------------------

    def remember(self, version: int, keep: int) -> None:
        """Nothing to do."""

    def remember_weights(self, version: int, weights: dict[str, NDArray[np.float32]]) -> None:
        """Nothing to do."""

    def knows(self, version: int) -> bool:
        """Whatever acted, what came of it can be learnt from."""
        return True

    def fits(self, segment: Segment) -> bool:
        """Whether the network takes its observations and the policy has its actions."""
        return takes(
            self.network, segment.observations, self._hyperparameters.stack_size
        ) and self._distribution.has(segment.actions)

    # ---- one update ----------------------------------------------------------------------------

    def samples(self, steps: int) -> int:
        """How many samples an update from so many steps learns from."""
        return self._updates(steps) * self._hyperparameters.batch_size

    def update(
        self, trajectories: Sequence[Trajectory], interrupted: Callable[[], bool] = lambda: False
    ) -> dict[str, float]:
        """Learn from trajectories and what is remembered; all changes, or is left as it was.

        Returns:
            Metrics, named `losses/...`.

        Raises:
            NonFiniteLossError: and the update is undone, its trajectories are not remembered.
            UpdateInterruptedError: `interrupted` said so; the update is undone.
        """
        before, remembered = self.state(), self.replay.written
        try:
            return self._update(trajectories, interrupted)
        except (NonFiniteLossError, UpdateInterruptedError):
            self.restore(before)
            self.replay.forget(remembered)
            raise

    def _update(
        self, trajectories: Sequence[Trajectory], interrupted: Callable[[], bool]
    ) -> dict[str, float]:
        rewards = np.concatenate([trajectory.rewards for trajectory in trajectories])  # [N]
        unusable = ~(np.abs(rewards) < _LARGEST_REWARD)
        if unusable.any():
            raise NonFiniteLossError("a reward is not finite", np.flatnonzero(unusable))
        for trajectory in trajectories:
            self.replay.add(trajectory)
        self._rescale(rewards)

        drawable, batch = self.replay.drawable(), self._hyperparameters.batch_size
        measured: list[NDArray[np.float32]] = []
        for _ in range(self._updates(len(rewards))):
            if interrupted():
                raise UpdateInterruptedError
            drawn = drawable[self._rng.integers(len(drawable), size=batch)]
            metrics = self._learn(*self._tensors(self.replay.read(drawn))).numpy()
            if not (np.abs(metrics) < LARGEST_LOSS).all():
                named = dict(zip(_METRICS, metrics.tolist(), strict=True))
                origins = ", ".join(self.replay.origins(drawn))
                raise NonFiniteLossError(
                    f"exploded: {named}, drawn from {origins}", np.empty(0, np.int64)
                )
            measured.append(metrics)

        if not all(np.isfinite(weight).all() for weight in self._weights().values()):
            raise NonFiniteLossError("a weight is not finite", np.arange(len(rewards)))
        self._steps += len(rewards)
        return dict(zip(_METRICS, np.mean(measured, axis=0).tolist(), strict=True)) | {
            "losses/reward_scale": self._reward_scale,
            "losses/replay_steps": float(len(drawable)),
        }

    def _updates(self, steps: int) -> int:
        return max(1, round(steps * self._hyperparameters.sac_updates_per_step))

    def _tensors(self, drawn: Transitions) -> tuple[object, ...]:
        """The arguments of `_step`."""
        unit = self._worth_of_reward / self._reward_scale
        return (
            {sensor: tf.constant(array) for sensor, array in drawn.seen.items()},
            tf.constant(drawn.actions),
            tf.constant(drawn.rewards * np.float32(unit)),
            {sensor: tf.constant(array) for sensor, array in drawn.after.items()},
            tf.constant(drawn.terminated),
            tf.constant(self._rng.integers(2**31, size=(2, 2)), tf.int32),
        )

    def _step(
        self,
        seen: dict[str, tf.Tensor],  # [B, ...] of each sensor
        actions: tf.Tensor,  # int32[B] or float32[B, D]
        rewards: tf.Tensor,  # float32[B], in the critics' unit
        after: dict[str, tf.Tensor],  # [B, ...] of each sensor
        terminated: tf.Tensor,  # float32[B]
        seeds: tf.Tensor,  # int32[2, 2]
    ) -> tf.Tensor:
        """One step of gradient descent; float32[len(_METRICS)]."""
        target = self.target(rewards, after, terminated, seeds[0])  # [B]
        temperature = tf.exp(self._log_temperature)
        with tf.GradientTape(persistent=True) as tape:
            parameters, features = self.network(seen, training=True)  # [B, K], [B, F]
            values = self._values_of(features, actions)  # [B], [B]
            loss_type = self._hyperparameters.loss_type
            critic_loss = tf.add_n(
                [tf.reduce_mean(value_error(value - target, loss_type)) for value in values]
            )
            entropy = self._distribution.entropy(parameters)  # [B]
            worth = self._expected(
                self._critics, tf.stop_gradient(features), parameters, seeds[1]
            )  # [B]
            policy_loss = -tf.reduce_mean(worth + tf.stop_gradient(temperature) * entropy)
            missing = tf.stop_gradient(self._target_entropy - tf.reduce_mean(entropy))
            temperature_loss = -self._log_temperature * missing
        limit = self._hyperparameters.max_gradient_norm
        critic_gradients, norm = tf.clip_by_global_norm(
            tape.gradient(critic_loss, self._critic_variables), limit
        )
        policy_gradients, policy_norm = tf.clip_by_global_norm(
            tape.gradient(policy_loss, self._policy_variables), limit
        )
        (temperature_gradient,) = tape.gradient(temperature_loss, [self._log_temperature])
        if self._hyperparameters.sac_alpha == 0.0:
            temperature_gradient = tf.zeros_like(temperature_gradient)
        gradients = [*critic_gradients, *policy_gradients, temperature_gradient]
        self._optimizer.apply_gradients(zip(gradients, self._variables, strict=True))
        self._copy_to_targets(TARGET_RATE)
        return tf.stack(
            [
                critic_loss,
                policy_loss,
                tf.reduce_mean(values[0]),
                tf.reduce_mean(entropy),
                temperature / self._worth_of_reward,
                norm,
                policy_norm,
            ]
        )

    def target(
        self,
        rewards: tf.Tensor,
        after: dict[str, tf.Tensor],
        terminated: tf.Tensor,
        seed: tf.Tensor,
    ) -> tf.Tensor:
        """What the critics shall say, float32[B]: equation 2, with the soft value of equation 3.

        Only a race that ended ends what can be earned; one that was cut, by a time limit or the end
        of a lap, goes on beyond what is seen.
        """
        parameters, _ = self.network(after)
        worth = self._expected(
            self._target_critics, self._target_trunk(after), parameters, seed
        ) + tf.exp(self._log_temperature) * self._distribution.entropy(parameters)
        return rewards + self._hyperparameters.discount_factor * (1.0 - terminated) * worth

    def _values_of(self, features: tf.Tensor, actions: tf.Tensor) -> list[tf.Tensor]:
        """float32[B] by each critic, of the actions that were taken."""
        if isinstance(self._distribution, Beta):
            return [value[:, 0] for value in self._critics([features, actions])]
        return [tf.gather(value, actions, batch_dims=1) for value in self._critics(features)]

    def _expected(
        self, critics: keras.Model, features: tf.Tensor, parameters: tf.Tensor, seed: tf.Tensor
    ) -> tf.Tensor:
        """float32[B]: what the policy's actions are worth, by the smaller of two critics."""
        if isinstance(self._distribution, Beta):
            drawn = self._distribution.sample(parameters, seed)  # [B, D]
            return tf.minimum(*critics([features, drawn]))[:, 0]
        smaller = tf.minimum(*critics(features))  # [B, A]
        return tf.reduce_sum(tf.nn.softmax(parameters) * smaller, axis=-1)

    def _copy_to_targets(self, rate: float) -> None:
        """Polyak averaging: the targets go this share of the way to the critics."""
        for variable, target in self._followed():
            target.assign(target + rate * (variable - target))

    def _followed(self) -> list[tuple[keras.Variable, keras.Variable]]:
        """Each variable of trunk and critics, and the one of the targets that follows it."""
        sources = {v.path: v for v in (*self.network.variables, *self._critics.variables)}
        targets = [*self._target_trunk.variables, *self._target_critics.variables]
        return [(sources[target.path], target) for target in targets]

    def _rescale(self, rewards: NDArray[np.float32]) -> None:
        """Let the reward's scale follow; critics and targets are rescaled to say the same."""
        square = float(np.mean(np.square(rewards, dtype=np.float64)))
        before = self._reward_scale
        mixed = square if before == 0.0 else 0.9 * before**2 + 0.1 * square
        self._reward_scale = mixed**0.5 if mixed > 0.0 else 1.0
        for critics in (self._critics, self._target_critics):
            for weight in (w for name in CRITICS for w in critics.get_layer(name).variables):
                weight.assign(weight * ((before or self._reward_scale) / self._reward_scale))

    # ---- storing and resuming ------------------------------------------------------------------

    def state(self) -> LearnerState:
        """A copy of all that an update changes, but the replay memory: its content is in Redis."""
        return LearnerState(
            weights={name: np.array(v.numpy()) for name, v in self._weights().items()},
            optimizer={v.path: np.array(v.numpy()) for v in self._slots()},
            random=self._rng.bit_generator.state,
            return_scale=self._reward_scale,
            steps=self._steps,
        )

    def restore(self, state: LearnerState) -> None:
        """Go back to a state; the learning rate stays the one configured."""
        for name, variable in self._weights().items():
            variable.assign(state.weights[name])
        for variable in self._slots():
            variable.assign(state.optimizer[variable.path])
        self._rng.bit_generator.state = state.random
        self._reward_scale = state.return_scale
        self._steps = state.steps

    def _weights(self) -> dict[str, keras.Variable]:
        online = [*self.network.variables, *self._critics.variables]
        return (
            {v.path: v for v in online}
            | {_TARGET + target.path: target for _, target in self._followed()}
            | {_TEMPERATURE: self._log_temperature}
        )

    def _slots(self) -> list[keras.Variable]:
        return [v for v in self._optimizer.variables if v is not self._optimizer.learning_rate]


def target_entropy(actions: ActionSpace, share: float) -> float:
    """Nats that the policy's entropy is kept near, the paper's -1 a dimension where it can be.

    Args:
        actions: what the agent can do.
        share: discrete: of the entropy of acting at random.
    """
    return share * math.log(actions.size) if actions.is_discrete else -float(actions.size)
