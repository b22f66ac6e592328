"""Acting without TensorFlow: a policy in a TensorFlow Lite file, and the random one before it.

The file: one input for each sensor, named as the sensor and shaped as what it puts into an
observation (a stack of frames: `deepracer_core.frame_stack`), with a batch of one before; one
output float32[1, K]. Discrete: K logits, one for each action. Continuous: K = 2 D, alpha and beta
(above 1) of a Beta distribution stretched to [-1, 1] for each dimension in turn, steering before
speed (Chou et al. 2017). Every training algorithm writes the same.
"""

from collections.abc import Iterable
from typing import Any, Protocol

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from deepracer_core.action_space import Action, ActionSpace
from deepracer_core.observation import Observation, observation_dtype
from deepracer_core.sensors import CAMERA_SENSORS, STEREO_CAMERAS


class PolicyError(ValueError):
    """The bytes are no policy, or one for other actions or other sensors."""


class Policy(Protocol):
    """Chooses actions."""

    @property
    def stack_size(self) -> int:
        """Camera frames in an observation that it acts on (`deepracer_core.frame_stack`)."""

    def act(self, observation: Observation, rng: np.random.Generator, greedy: bool) -> Action:
        """An action in answer to what is seen; `greedy`: the likeliest one, nothing drawn."""


class RandomPolicy:
    """Version 0: every action is as likely as any other, whatever is seen."""

    stack_size = 1

    def __init__(self, action_space: ActionSpace) -> None:
        self._action_space = action_space

    def act(self, observation: Observation, rng: np.random.Generator, greedy: bool) -> Action:
        """An action drawn uniformly; there is no likeliest one, so `greedy` changes nothing."""
        return self._action_space.sample(rng)


class LitePolicy:
    """A learnt policy, on one thread.

    Args:
        model: content of the file.
        action_space: that the policy was trained for.
        sensors: that it was trained for.

    Raises:
        PolicyError: it is no policy for these actions and sensors, or it does not compute.
    """

    def __init__(self, model: bytes, action_space: ActionSpace, sensors: Iterable[str]) -> None:
        self._is_discrete = action_space.is_discrete
        try:
            self._interpreter = Interpreter(model_content=model, num_threads=1)
            self._interpreter.allocate_tensors()
        except (ValueError, RuntimeError) as error:
            raise PolicyError(
                f"policy: {len(model)} bytes are no TensorFlow Lite model: {error}"
            ) from error
        inputs = {_sensor(details): details for details in self._interpreter.get_input_details()}
        outputs = self._interpreter.get_output_details()
        expected = {sensor: observation_dtype(sensor) for sensor in sensors}
        found = {sensor: np.dtype(details["dtype"]) for sensor, details in inputs.items()}
        size = action_space.size if action_space.is_discrete else 2 * action_space.size
        if (
            found != expected
            or any(details["shape"].tolist()[:1] != [1] for details in inputs.values())
            or [_signature(details) for details in outputs] != [f"float32 {(1, size)}"]
        ):
            raise PolicyError(
                f"policy: expected {', '.join(expected)} to float32 {(1, size)}, "
                f"got {', '.join(f'{name} {_signature(x)}' for name, x in inputs.items())} to "
                f"{', '.join(_signature(x) for x in outputs)}: was it trained with this "
                'model_metadata.json ("action_space", "sensor")?'
            )
        self._inputs = {sensor: inputs[sensor]["index"] for sensor in expected}
        self._output = outputs[0]["index"]
        self.takes: dict[str, tuple[str, tuple[int, ...]]] = {
            sensor: (dtype.name, tuple(inputs[sensor]["shape"].tolist()[1:]))
            for sensor, dtype in expected.items()
        }
        """Of each part of an observation, by sensor, what it is made of and its shape."""
        # A file can be whole and the weights in it no numbers; better seen now than on the road.
        # Ones are possible for all sensors, zeros are no distances.
        self.parameters(
            {sensor: np.ones(shape, name) for sensor, (name, shape) in self.takes.items()}
        )

    @property
    def stack_size(self) -> int:
        """Camera frames in an observation; 1 without a camera."""
        for sensor, (_, shape) in self.takes.items():
            if sensor in CAMERA_SENSORS:
                channels = shape[2] if len(shape) == 3 else 1
                return channels // (2 if sensor == STEREO_CAMERAS else 1)
        return 1

    def parameters(self, observation: Observation) -> NDArray[np.float32]:
        """float32[K], what the network says of an observation.

        Raises:
            PolicyError: the observation does not fit, or the network's answer is not finite.
        """
        given = {sensor: (part.dtype.name, part.shape) for sensor, part in observation.items()}
        if given != self.takes:
            raise PolicyError(
                f"observation {given} does not fit the model's input {self.takes}: "
                'check "sensor" in model_metadata.json and "stack_size" in hyperparameters.json'
            )
        for sensor, index in self._inputs.items():
            self._interpreter.set_tensor(index, observation[sensor][np.newaxis])
        self._interpreter.invoke()
        parameters: NDArray[np.float32] = self._interpreter.get_tensor(self._output)[0]
        if not np.isfinite(parameters).all():
            raise PolicyError(f"policy: expected finite numbers, the network gave {parameters}")
        return parameters

    def probabilities(self, observation: Observation) -> NDArray[np.float64]:
        """float64[K] of a discrete policy's actions."""
        logits = self.parameters(observation).astype(np.float64)
        weights = np.exp(logits - logits.max())
        return np.asarray(weights / weights.sum())

    def act(self, observation: Observation, rng: np.random.Generator, greedy: bool) -> Action:
        """An action in answer to an observation.

        Args:
            observation: of the model's sensors.
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


def _sensor(details: dict[str, Any]) -> str:
    """The sensor that an input is named after, without what the converter adds to the name."""
    name: str = details["name"]
    return name.removeprefix("serving_default_").partition(":")[0]


def _signature(details: dict[str, Any]) -> str:
    return f"{np.dtype(details['dtype']).name} {tuple(details['shape'].tolist())}"
