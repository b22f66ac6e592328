"""Acting without TensorFlow: a policy in a TensorFlow Lite file, and the random one before it.

The file: input uint8[1, H, W, 1], output float32[1, K]. Discrete: K logits, one for each action.
Continuous: K = 2 D, alpha and beta (above 1) of a Beta distribution stretched to [-1, 1] for each
dimension in turn, steering before speed (Chou et al. 2017).
"""

from typing import Any, Protocol

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from deepracer_core.action_space import Action, ActionSpace


class PolicyError(ValueError):
    """The bytes are no policy, or one for other actions or another camera."""


class Policy(Protocol):
    """Chooses actions."""

    def act(self, observation: NDArray[np.uint8], rng: np.random.Generator, greedy: bool) -> Action:
        """An action in answer to uint8[H, W]; `greedy`: the likeliest one, nothing drawn."""


class RandomPolicy:
    """Version 0: every action is as likely as any other, whatever is seen."""

    def __init__(self, action_space: ActionSpace) -> None:
        self._action_space = action_space

    def act(self, observation: NDArray[np.uint8], rng: np.random.Generator, greedy: bool) -> Action:
        """An action drawn uniformly; there is no likeliest one, so `greedy` changes nothing."""
        return self._action_space.sample(rng)


class LitePolicy:
    """A learnt policy, on one thread.

    Args:
        model: content of the file.
        action_space: that the policy was trained for.

    Raises:
        PolicyError: it is no policy for these actions, or it does not compute.
    """

    def __init__(self, model: bytes, action_space: ActionSpace) -> None:
        self._is_discrete = action_space.is_discrete
        try:
            self._interpreter = Interpreter(model_content=model, num_threads=1)
            self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise PolicyError(
                f"policy: {len(model)} bytes are no TensorFlow Lite model: {error}"
            ) from error
        inputs = self._interpreter.get_input_details()
        outputs = self._interpreter.get_output_details()
        size = action_space.size if action_space.is_discrete else 2 * action_space.size
        shape = tuple(inputs[0]["shape"].tolist()) if len(inputs) == 1 else ()
        expected = [f"uint8 {(1, *shape[1:3], 1)}", f"float32 {(1, size)}"]
        if len(shape) != 4 or [_signature(x) for x in (*inputs, *outputs)] != expected:
            raise PolicyError(
                f"policy: expected uint8 (1, height, width, 1) to float32 {(1, size)}, "
                f"got {' '.join(_signature(x) for x in inputs)} to "
                f"{' '.join(_signature(x) for x in outputs)}: was it trained with this "
                'model_metadata.json ("action_space", "sensor")?'
            )
        self._input, self._output = inputs[0]["index"], outputs[0]["index"]
        self._shape: tuple[int, ...] = shape
        # A file can be whole and the weights in it no numbers; better seen now than on the road.
        self.parameters(np.zeros(self.observation_shape, np.uint8))

    @property
    def observation_shape(self) -> tuple[int, int]:
        """Height and width of the observations that it takes."""
        return self._shape[1], self._shape[2]

    def parameters(self, observation: NDArray[np.uint8]) -> NDArray[np.float32]:
        """float32[K], what the network says of uint8[H, W].

        Raises:
            PolicyError: the observation does not fit, or the network's answer is not finite.
        """
        if observation.shape != self.observation_shape or observation.dtype != np.uint8:
            raise PolicyError(
                f"observation {observation.dtype} {observation.shape} does not fit the model's "
                f'input uint8 {self.observation_shape}: check "sensor" in model_metadata.json'
            )
        self._interpreter.set_tensor(self._input, observation.reshape(self._shape))
        self._interpreter.invoke()
        parameters: NDArray[np.float32] = self._interpreter.get_tensor(self._output)[0]
        if not np.isfinite(parameters).all():
            raise PolicyError(f"policy: expected finite numbers, the network gave {parameters}")
        return parameters

    def probabilities(self, observation: NDArray[np.uint8]) -> NDArray[np.float64]:
        """float64[K] of a discrete policy's actions."""
        logits = self.parameters(observation).astype(np.float64)
        weights = np.exp(logits - logits.max())
        return np.asarray(weights / weights.sum())

    def act(self, observation: NDArray[np.uint8], rng: np.random.Generator, greedy: bool) -> Action:
        """An action in answer to an observation.

        Args:
            observation: uint8[H, W].
            rng: what is drawn is drawn from it; not used when greedy.
            greedy: the likeliest action, or a Beta's mean, instead of a draw.

        Raises:
            PolicyError: the observation does not fit, or the network's answer is not finite.
        """
        if self._is_discrete:
            if greedy:
                return int(self.parameters(observation).argmax())
            share = np.cumsum(self.probabilities(observation))
            # Rounding may leave the last share a little below one.
            return min(int(np.searchsorted(share, rng.random(), side="right")), len(share) - 1)
        alpha, beta = self.parameters(observation).astype(np.float64).reshape(-1, 2).T
        unit = alpha / (alpha + beta) if greedy else rng.beta(alpha, beta)
        return np.asarray(2.0 * unit - 1.0, np.float32)


def _signature(details: dict[str, Any]) -> str:
    return f"{np.dtype(details['dtype']).name} {tuple(details['shape'].tolist())}"
