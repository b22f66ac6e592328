"""Clipped proximal policy optimisation (Schulman et al. 2017, https://arxiv.org/abs/1707.06347).

One update: ask the policy that acted how likely its actions were, estimate advantages, then climb
the clipped objective for a few epochs of shuffled minibatches. What is not in the paper's text but
matters (Huang et al. 2022, "The 37 implementation details") is marked where it stands.

Shapes: N steps in the update, B in a minibatch, K numbers that describe the policy's distribution.
Observations are one array for each sensor, by its name.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import keras
import numpy as np
import tensorflow as tf
from deepracer_core.hyperparameters import Hyperparameters
from deepracer_core.segment import Segment
from numpy.typing import NDArray

from deepracer_trainer.distributions import Distribution
from deepracer_trainer.experience import Trajectory
from deepracer_trainer.gae import generalised_advantage
from deepracer_trainer.learning import (
    LARGEST_LOSS,
    LearnerState,
    NonFiniteLossError,
    UpdateInterruptedError,
)
from deepracer_trainer.networks import takes
from deepracer_trainer.stacking import stacked

VALUE_COEFFICIENT = 0.5
"""Weight of the value loss beside the policy's, both read from one trunk."""

_Row = NDArray[np.float32]
_Seen = Mapping[str, NDArray[np.generic]]
_EVALUATION_BATCH = 256
_LARGEST_ADVANTAGE = 1e18  # its square is still a float32
_METRICS = (
    "losses/total",
    "losses/policy",
    "losses/value",
    "losses/entropy",
    "losses/approx_kl",
    "losses/clip_fraction",
    "losses/gradient_norm",
)


class ClippedPPO:
    """The learner.

    The value head predicts returns divided by `return_scale`, a running root mean square of the
    returns seen, so that a reward function that pays 0.1 a step and one that pays 1000 learn alike.
    When the scale moves, the head is rescaled with it and its predictions stay what they were
    (van Hasselt et al. 2016, PopArt, without the shift).

    Args:
        network: from `networks.build_network`.
        distribution: of the policy.
        hyperparameters: how it learns.
        seed: of the order of the batches.
        jit_compile: let XLA fuse the network's operations, which takes some seconds once.
    """

    def __init__(
        self,
        network: keras.Model,
        distribution: Distribution,
        hyperparameters: Hyperparameters,
        *,
        seed: int,
        jit_compile: bool = False,
    ) -> None:
        self.network = network
        self.replay = None
        self._distribution = distribution
        self._hyperparameters = hyperparameters
        self._rng = np.random.default_rng(seed)
        self._return_scale = 0.0
        self._steps = 0
        self._optimizer = keras.optimizers.Adam(hyperparameters.lr, epsilon=1e-5, name="adam")
        self._optimizer.build(network.trainable_variables)
        self._behaviour = keras.models.clone_model(network)  # takes the weights of older versions
        self._versions: dict[int, list[NDArray[np.float32]]] = {}
        self._newest: int | None = None  # the version that is the network's present weights
        compiled = partial(tf.function, jit_compile=jit_compile)
        self._learn = compiled(self._minibatch)
        self._evaluate = compiled(lambda observations: self.network(observations))
        self._evaluate_behaviour = compiled(lambda observations: self._behaviour(observations))

    # ---- which version acted -------------------------------------------------------------------

    def remember(self, version: int, keep: int) -> None:
        """Name the present weights `version`, and forget all but the `keep` newest before it."""
        self._versions[version] = self.network.get_weights()
        self._versions = {v: w for v, w in self._versions.items() if v >= version - keep}
        self._newest = version

    def remember_weights(self, version: int, weights: dict[str, NDArray[np.float32]]) -> None:
        """Take in the weights of a version from before a restart."""
        self._versions[version] = [weights[v.path] for v in self.network.variables]

    def knows(self, version: int) -> bool:
        """Whether the probabilities of that version's actions can be computed."""
        return version == 0 or version in self._versions

    def fits(self, segment: Segment) -> bool:
        """Whether the network takes its observations and the policy has its actions."""
        return takes(
            self.network, segment.observations, self._hyperparameters.stack_size
        ) and self._distribution.has(segment.actions)

    # ---- one update ----------------------------------------------------------------------------

    def samples(self, steps: int) -> int:
        """How many samples an update from so many steps learns from."""
        return steps * self._hyperparameters.num_epochs

    def update(
        self, trajectories: Sequence[Trajectory], interrupted: Callable[[], bool] = lambda: False
    ) -> dict[str, float]:
        """Learn from trajectories of known versions; the network changes, or is left as it was.

        Returns:
            Metrics, named `losses/...`.

        Raises:
            NonFiniteLossError: and the update is undone.
            UpdateInterruptedError: `interrupted` said so; the update is undone.
        """
        before = self.state()
        try:
            return self._update(trajectories, interrupted)
        except (NonFiniteLossError, UpdateInterruptedError):
            self.restore(before)
            raise

    def _update(
        self, trajectories: Sequence[Trajectory], interrupted: Callable[[], bool]
    ) -> dict[str, float]:
        seen, rows, actions, old_log_probs, values, advantages = self._prepare(trajectories)
        unusable = ~(np.abs(advantages) < _LARGEST_ADVANTAGE)
        if unusable.any():
            raise NonFiniteLossError("an advantage is not finite", np.flatnonzero(unusable))
        returns = advantages + values  # [N]
        self._rescale(returns)
        # Detail 7: advantages are normalised, here over the whole update rather than per minibatch.
        if self._hyperparameters.advantage_normalisation == "update":
            advantages = _normalised(advantages)  # [N]
        else:
            advantages = advantages / self._return_scale
        entropy_weight = tf.constant(self._hyperparameters.entropy_weight(self._steps), tf.float32)

        batch = self._hyperparameters.batch_size
        measured: list[NDArray[np.float32]] = []
        for _ in range(self._hyperparameters.num_epochs):
            order = self._rng.permutation(len(rows))
            # Whole minibatches only, one compiled shape: the last one is filled from the beginning.
            order = np.resize(order, -(-len(order) // batch) * batch)
            for chosen in order.reshape(-1, batch):
                if interrupted():
                    raise UpdateInterruptedError
                better = advantages[chosen]
                if self._hyperparameters.advantage_normalisation == "minibatch":
                    better = _normalised(better)
                metrics = self._learn(
                    self._tensors(seen, rows[chosen]),
                    tf.constant(actions[chosen]),
                    tf.constant(old_log_probs[chosen]),
                    tf.constant(better),
                    tf.constant(returns[chosen] / self._return_scale),
                    entropy_weight,
                ).numpy()
                if not (np.abs(metrics) < LARGEST_LOSS).all():
                    named = dict(zip(_METRICS, metrics.tolist(), strict=True))
                    raise NonFiniteLossError(f"exploded: {named}", chosen)
                measured.append(metrics)

        if not all(np.isfinite(weight).all() for weight in self.network.get_weights()):
            raise NonFiniteLossError("a weight is not finite", chosen)
        self._newest = None  # until the new weights have a version
        self._steps += len(rows)
        variance = float(returns.var())
        unexplained = float((returns - values).var())
        return dict(zip(_METRICS, np.mean(measured, axis=0).tolist(), strict=True)) | {
            "losses/explained_variance": 1.0 - unexplained / variance if variance > 0.0 else 0.0,
            "losses/return_scale": self._return_scale,
        }

    def _prepare(
        self, trajectories: Sequence[Trajectory]
    ) -> tuple[_Seen, NDArray[np.int64], NDArray[np.generic], _Row, _Row, _Row]:
        """Lay all steps in one row.

        Returns:
            seen: [M, ...] of each sensor, every frame: of each trajectory those that its first
                stack begins with, those of its steps, and the one after its last step, of which
                only the value is needed.
            rows: int[N], where in `seen` the observation of each step is.
            actions: int32[N] or float32[N, dimensions].
            old_log_probs: float32[N], under the version that acted.
            values: float32[N], by the present network, in the reward's unit.
            advantages: float32[N].
        """
        stack = self._hyperparameters.stack_size
        seen = {
            sensor: np.concatenate(
                [
                    piece
                    for t in trajectories
                    for piece in (*t.history(stack)[sensor], *t.observations(sensor))
                ]
            )
            for sensor in trajectories[0].sensors
        }
        ends = np.cumsum([len(trajectory) + stack for trajectory in trajectories])
        every = np.concatenate(
            [np.arange(end - len(t) - 1, end) for t, end in zip(trajectories, ends, strict=True)]
        )  # [N + trajectories]
        lasts = np.cumsum([len(trajectory) + 1 for trajectory in trajectories])
        rows = np.delete(every, lasts - 1)
        actions = np.concatenate([trajectory.actions for trajectory in trajectories])

        parameters, all_values = self._forward(
            self.network, seen, every
        )  # [len(every), K], [len(every)]
        # Before the first update no unit is known, and nothing is predicted yet.
        all_values *= self._return_scale
        advantages = np.concatenate(
            [
                generalised_advantage(
                    trajectory.rewards,
                    all_values[end - len(trajectory) - 1 : end],
                    terminated=trajectory.terminated,
                    discount=self._hyperparameters.discount_factor,
                    smoothing=self._hyperparameters.gae_lambda,
                )
                for trajectory, end in zip(trajectories, lasts.tolist(), strict=True)
            ]
        )

        acted = np.repeat([t.policy_version for t in trajectories], [len(t) for t in trajectories])
        old_log_probs = np.empty(len(rows), np.float32)
        for version in np.unique(acted).tolist():
            mine = acted == version
            if version == 0:
                old_log_probs[mine] = self._distribution.uniform_log_probability
                continue
            if version == self._newest:
                then = np.delete(parameters, lasts - 1, axis=0)[mine]
            else:
                self._behaviour.set_weights(self._versions[version])
                then, _ = self._forward(self._behaviour, seen, rows[mine])
            old_log_probs[mine] = self._distribution.log_probability(then, actions[mine]).numpy()
        values = np.delete(all_values, lasts - 1)
        return seen, rows, actions, old_log_probs, values, advantages

    def _forward(
        self, network: keras.Model, seen: _Seen, rows: NDArray[np.int64]
    ) -> tuple[_Row, _Row]:
        """Policy parameters float32[M, K] and values float32[M] of M rows of what was seen."""
        evaluate = self._evaluate if network is self.network else self._evaluate_behaviour
        parameters, values = [], []
        for start in range(0, len(rows), _EVALUATION_BATCH):
            part = rows[start : start + _EVALUATION_BATCH]
            # One compiled shape: the last part is filled from its own beginning.
            policy, value = evaluate(self._tensors(seen, np.resize(part, _EVALUATION_BATCH)))
            parameters.append(policy.numpy()[: len(part)])
            values.append(value.numpy()[: len(part)])
        return np.concatenate(parameters), np.concatenate(values)

    def _minibatch(
        self,
        observations: dict[str, tf.Tensor],  # [B, ...] of each sensor
        actions: tf.Tensor,  # int32[B] or float32[B, dimensions]
        old_log_probs: tf.Tensor,  # float32[B]
        advantages: tf.Tensor,  # float32[B], normalised
        returns: tf.Tensor,  # float32[B], in units of the return scale
        entropy_weight: tf.Tensor,  # float32[]
    ) -> tf.Tensor:
        """One step of gradient descent; float32[len(_METRICS)]."""
        variables = self.network.trainable_variables
        with tf.GradientTape() as tape:
            parameters, values = self.network(observations, training=True)  # [B, K], [B]
            log_ratio = self._distribution.log_probability(parameters, actions) - old_log_probs
            ratio = tf.exp(log_ratio)  # [B]
            clip = self._hyperparameters.clip_range
            clipped = tf.clip_by_value(ratio, 1.0 - clip, 1.0 + clip)
            # Equation 7: the smaller of both, so that there is nothing to win outside the clip.
            policy_loss = -tf.reduce_mean(tf.minimum(ratio * advantages, clipped * advantages))
            value_loss = tf.reduce_mean(
                value_error(values - returns, self._hyperparameters.loss_type)
            )
            entropy = tf.reduce_mean(self._distribution.entropy(parameters))
            loss = policy_loss + VALUE_COEFFICIENT * value_loss - entropy_weight * entropy
        gradients = tape.gradient(loss, variables)
        gradients, norm = tf.clip_by_global_norm(gradients, self._hyperparameters.max_gradient_norm)
        self._optimizer.apply_gradients(zip(gradients, variables, strict=True))
        # Schulman 2020, http://joschu.net/blog/kl-approx.html: unbiased, and never negative.
        approx_kl = tf.reduce_mean(ratio - 1.0 - log_ratio)
        outside = tf.cast(tf.abs(ratio - 1.0) > clip, tf.float32)
        return tf.stack(
            [loss, policy_loss, value_loss, entropy, approx_kl, tf.reduce_mean(outside), norm]
        )

    def _rescale(self, returns: _Row) -> None:
        """Let the return scale follow; the value head is rescaled to say the same as before."""
        square = float(np.mean(np.square(returns, dtype=np.float64)))
        before = self._return_scale
        mixed = square if before == 0.0 else 0.9 * before**2 + 0.1 * square
        self._return_scale = mixed**0.5 if mixed > 0.0 else 1.0
        if before > 0.0:
            for weight in self.network.get_layer("value").trainable_variables:
                weight.assign(weight * (before / self._return_scale))

    # ---- storing and resuming ------------------------------------------------------------------

    def state(self) -> LearnerState:
        """A copy of all that an update changes."""
        return LearnerState(
            weights={v.path: np.array(v.numpy()) for v in self.network.variables},
            optimizer={v.path: np.array(v.numpy()) for v in self._slots()},
            random=self._rng.bit_generator.state,
            return_scale=self._return_scale,
            steps=self._steps,
        )

    def restore(self, state: LearnerState) -> None:
        """Go back to a state; the learning rate stays the one configured."""
        for variable in self.network.variables:
            variable.assign(state.weights[variable.path])
        for variable in self._slots():
            variable.assign(state.optimizer[variable.path])
        self._rng.bit_generator.state = state.random
        self._return_scale = state.return_scale
        self._steps = state.steps

    def _tensors(self, seen: _Seen, rows: NDArray[np.int64]) -> dict[str, tf.Tensor]:
        """[len(rows), ...] of each sensor, stacked."""
        stack = self._hyperparameters.stack_size
        return {s: tf.constant(stacked(s, array, rows, stack)) for s, array in seen.items()}

    def _slots(self) -> list[keras.Variable]:
        return [v for v in self._optimizer.variables if v is not self._optimizer.learning_rate]


def value_error(difference: tf.Tensor, loss_type: str) -> tf.Tensor:
    """float32[B] from float32[B], by the public hyperparameter loss_type."""
    if loss_type == "huber":
        size = tf.abs(difference)
        return tf.where(size < 1.0, 0.5 * tf.square(difference), size - 0.5)
    return 0.5 * tf.square(difference)


def _normalised(advantages: _Row) -> _Row:
    return (advantages - advantages.mean()) / (advantages.std() + 1e-8)
