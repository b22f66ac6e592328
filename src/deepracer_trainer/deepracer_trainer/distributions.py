"""What a policy's numbers mean: probabilities of discrete actions, densities of continuous ones."""

import math
from typing import Protocol

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray


class Distribution(Protocol):
    """Actions given the parameters that the network puts out."""

    @property
    def uniform_log_probability(self) -> float:
        """Of any action under version 0, which acts uniformly at random."""

    def has(self, actions: NDArray[np.generic]) -> bool:
        """Whether these are actions of it, B of them."""

    def log_probability(self, parameters: tf.Tensor, actions: tf.Tensor) -> tf.Tensor:
        """float32[B] of actions under float32[B, K]."""

    def entropy(self, parameters: tf.Tensor) -> tf.Tensor:
        """float32[B], nats, of float32[B, K]."""


class Categorical:
    """One of n actions; the parameters are n logits, actions int32[B]."""

    def __init__(self, actions: int) -> None:
        self.uniform_log_probability = -math.log(actions)
        self._actions = actions

    def has(self, actions: NDArray[np.generic]) -> bool:
        """int32[B] below n."""
        return (
            actions.dtype == np.int32 and actions.ndim == 1 and int(actions.max()) < self._actions
        )

    def log_probability(self, parameters: tf.Tensor, actions: tf.Tensor) -> tf.Tensor:
        """float32[B]."""
        return tf.gather(tf.nn.log_softmax(parameters), actions, batch_dims=1)

    def entropy(self, parameters: tf.Tensor) -> tf.Tensor:
        """float32[B]."""
        log_probabilities = tf.nn.log_softmax(parameters)
        return -tf.reduce_sum(tf.exp(log_probabilities) * log_probabilities, axis=-1)


class Beta:
    """D numbers in [-1, 1], each from a Beta distribution stretched to that range.

    A bounded action needs no clipping, so the density of what was driven is the density of what
    was drawn (Chou et al. 2017, https://proceedings.mlr.press/v70/chou17a.html). Actions
    float32[B, D]; parameters float32[B, 2 D]: alpha and beta, above 1, of each dimension in turn.
    """

    _EDGE = 1e-6  # keeps the logarithm finite where an action was rounded onto the border

    def __init__(self, dimensions: int) -> None:
        self._dimensions = dimensions
        self.uniform_log_probability = -dimensions * math.log(2.0)

    def has(self, actions: NDArray[np.generic]) -> bool:
        """float32[B, D]."""
        return actions.dtype == np.float32 and actions.shape[1:] == (self._dimensions,)

    def log_probability(self, parameters: tf.Tensor, actions: tf.Tensor) -> tf.Tensor:
        """float32[B]."""
        alpha, beta = self._alpha_beta(parameters)  # [B, D] each
        x = tf.clip_by_value((actions + 1.0) / 2.0, self._EDGE, 1.0 - self._EDGE)  # [B, D]
        density = (
            (alpha - 1.0) * tf.math.log(x)
            + (beta - 1.0) * tf.math.log1p(-x)
            - _log_normaliser(alpha, beta)
        )
        return tf.reduce_sum(density - math.log(2.0), axis=-1)

    def sample(self, parameters: tf.Tensor, seed: tf.Tensor) -> tf.Tensor:
        """float32[B, D] drawn with int32[2] for a seed; it has a gradient to the parameters.

        The share of one Gamma variable in the sum of two; TensorFlow differentiates those
        implicitly (Figurnov et al. 2018, https://arxiv.org/abs/1805.08498).
        """
        alpha, beta = self._alpha_beta(parameters)  # [B, D] each
        both = tf.stack([alpha, beta])  # [2, B, D]
        gamma = tf.random.stateless_gamma(tf.shape(both), seed, alpha=both)
        one, other = tf.unstack(gamma)  # no tensor is used thrice: see `_beta_entropy`
        return 2.0 * one / (one + other) - 1.0

    def entropy(self, parameters: tf.Tensor) -> tf.Tensor:
        """float32[B]; negative where the policy is narrow."""
        alpha, beta = self._alpha_beta(parameters)
        return tf.reduce_sum(_beta_entropy(alpha, beta) + math.log(2.0), axis=-1)

    def _alpha_beta(self, parameters: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        pairs = tf.reshape(parameters, (-1, self._dimensions, 2))
        return pairs[..., 0], pairs[..., 1]


def _log_normaliser(alpha: tf.Tensor, beta: tf.Tensor) -> tf.Tensor:
    return tf.math.lgamma(alpha) + tf.math.lgamma(beta) - tf.math.lgamma(alpha + beta)


@tf.custom_gradient
def _beta_entropy(alpha: tf.Tensor, beta: tf.Tensor) -> tf.Tensor:
    """Nats, of Betas on [0, 1].

    Its gradient is written out. TensorFlow adds up the gradients of a tensor that is used three
    times or more in an order that depends on which buffer is free just then, and the same seed
    would not give the same bits.
    """
    total = alpha + beta
    entropy = (
        _log_normaliser(alpha, beta)
        - (alpha - 1.0) * tf.math.digamma(alpha)
        - (beta - 1.0) * tf.math.digamma(beta)
        + (total - 2.0) * tf.math.digamma(total)
    )

    def gradient(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        both = (total - 2.0) * _trigamma(total)
        return (
            upstream * (both - (alpha - 1.0) * _trigamma(alpha)),
            upstream * (both - (beta - 1.0) * _trigamma(beta)),
        )

    return entropy, gradient


def _trigamma(x: tf.Tensor) -> tf.Tensor:
    return tf.math.polygamma(tf.ones_like(x), x)
