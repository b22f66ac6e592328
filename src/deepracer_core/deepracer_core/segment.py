"""A segment: a fixed number of steps of one episode, and how it travels as bytes.

The layout is that of safetensors (https://huggingface.co/docs/safetensors): eight bytes with the
length of a JSON header, the header, raw little-endian arrays. It describes itself, runs no code
when it is read, and costs little more than a copy. What is no array is JSON under the key `segment`
of the header's `__metadata__`; one key only, so that equal segments are equal bytes. The array
of what a sensor saw is named `observations.` and the sensor's public name.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, deserialize
from safetensors.numpy import save

from deepracer_core.observation import observation_dtype
from deepracer_core.sensors import CAMERA_SENSORS, SENSORS

SCHEMA = 2
"""Version of the layout; a reader refuses any other."""

_METADATA_KEY = "segment"
_MAX_HEADER_BYTES = 65536
_OBSERVATIONS = {f"observations.{sensor}": sensor for sensor in SENSORS}
_ARRAYS = {
    **{
        name: ("U8",) if sensor in CAMERA_SENSORS else ("F32",)
        for name, sensor in _OBSERVATIONS.items()
    },
    "actions": ("I32", "F32"),
    "rewards": ("F32",),
}
_DTYPES: dict[str, type[np.generic]] = {"U8": np.uint8, "I32": np.int32, "F32": np.float32}


class SegmentError(ValueError):
    """Bytes that are no segment, or arrays that do not make one."""


@dataclass(frozen=True, slots=True)
class SegmentMeta:
    """Where a segment comes from.

    Attributes:
        run: name of the training run.
        worker: index of the simulation worker.
        episode: number of the episode on that worker.
        segment: number of the segment in its episode, from 0.
        policy_version: that chose every action in it; 0 is the random one.
        seed: of the worker.
        track: name of the track.
        first_step: number of its first step in the episode, from 1.
        schema: version of the layout.
    """

    run: str
    worker: int
    episode: int
    segment: int
    policy_version: int
    seed: int
    track: str
    first_step: int
    schema: int = SCHEMA


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """T steps of an episode: what was seen, done and earned.

    Attributes:
        observations: for each sensor, by its public name, what it saw, [T + 1, ...]: uint8 of a
            camera, float32 of a lidar; row t is what action t answers, the last row what the
            last action led to.
        actions: int32[T] (index) or float32[T, D] (within [-1, 1]).
        rewards: float32[T].
        terminated: the last step ended the episode in a state after which nothing can be earned.
        truncated: the last step ended the episode where driving could have gone on.
        meta: where it comes from.
    """

    observations: Mapping[str, NDArray[Any]]
    actions: NDArray[np.int32] | NDArray[np.float32]
    rewards: NDArray[np.float32]
    terminated: bool
    truncated: bool
    meta: SegmentMeta

    def __len__(self) -> int:
        """Number of steps, T."""
        return len(self.rewards)


def encode(segment: Segment) -> bytes:
    """The bytes of a segment.

    Raises:
        SegmentError: the arrays do not make a segment.
    """
    _check(segment)
    arrays = {
        **{f"observations.{sensor}": array for sensor, array in segment.observations.items()},
        "actions": segment.actions,
        "rewards": segment.rewards,
    }
    arrays = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    description = {
        **asdict(segment.meta),
        "terminated": segment.terminated,
        "truncated": segment.truncated,
    }
    return save(arrays, metadata={_METADATA_KEY: json.dumps(description, sort_keys=True)})


def decode(data: bytes) -> Segment:
    """The segment that `encode` made these bytes of.

    Raises:
        SegmentError: they are no segment of this layout: damaged, cut off, of another schema, or
            with arrays that do not fit each other.
    """
    description = _description(data)
    try:
        arrays = dict(deserialize(data))  # type: ignore[no-untyped-call]
    except SafetensorError as error:
        raise SegmentError(f"segment: expected a safetensors layout, got: {error}") from error
    if not {"actions", "rewards"} <= arrays.keys() <= _ARRAYS.keys():
        raise SegmentError(
            f"segment: expected arrays actions, rewards and of {', '.join(_OBSERVATIONS)}, "
            f"got {sorted(arrays)}"
        )
    segment = Segment(
        observations={
            sensor: _array(name, arrays) for name, sensor in _OBSERVATIONS.items() if name in arrays
        },
        actions=_array("actions", arrays),
        rewards=_array("rewards", arrays),
        terminated=_value(description, "terminated", bool),
        truncated=_value(description, "truncated", bool),
        meta=SegmentMeta(
            **{field.name: _value(description, field.name, field.type) for field in _META_FIELDS}
        ),
    )
    _check(segment)
    return segment


_META_FIELDS = fields(SegmentMeta)


def _description(data: bytes) -> dict[str, Any]:
    """The JSON object in the header's metadata, its schema checked."""
    if len(data) < 8:
        raise SegmentError(f"segment: expected at least 8 bytes, got {len(data)}")
    size = int.from_bytes(data[:8], "little")
    if size > min(_MAX_HEADER_BYTES, len(data) - 8):
        raise SegmentError(
            f"segment: its header is said to have {size} bytes: expected at most "
            f"{_MAX_HEADER_BYTES} and no more than the {len(data) - 8} that follow"
        )
    try:
        header = json.loads(data[8 : 8 + size].decode())
        description = json.loads(header["__metadata__"][_METADATA_KEY])
        schema = description["schema"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise SegmentError(
            f"segment: expected its description at __metadata__.{_METADATA_KEY} of a JSON header, "
            f"got {type(error).__name__}: {error}"
        ) from error
    if schema != SCHEMA:
        raise SegmentError(f"segment: expected schema {SCHEMA}, got {schema!r:.100}")
    return dict(description)


def _value(description: dict[str, Any], name: str, kind: Any) -> Any:
    value = description.get(name)
    # bool is a kind of int in Python, so that isinstance would take true for 1.
    if type(value) is not kind:
        raise SegmentError(f"segment: {name}: expected {kind.__name__}, got {value!r:.100}")
    return value


def _array(name: str, arrays: dict[str, Any]) -> NDArray[Any]:
    """One array of the file, writable."""
    dtype, shape = arrays[name]["dtype"], arrays[name]["shape"]
    if dtype not in _ARRAYS[name]:
        raise SegmentError(f"segment: {name}: expected {' or '.join(_ARRAYS[name])}, got {dtype}")
    array: NDArray[Any] = np.frombuffer(arrays[name]["data"], dtype=_DTYPES[dtype])
    array.shape = shape
    return array


def _check(segment: Segment) -> None:
    """Whether the arrays and the values make a segment: shapes, dtypes, ranges."""
    actions, rewards = segment.actions, segment.rewards
    steps = len(rewards) if rewards.ndim == 1 else 0
    if steps < 1 or rewards.dtype != np.float32:
        raise SegmentError(f"segment: rewards: expected float32[T], got {_shape(rewards)}")
    if not segment.observations:
        raise SegmentError("segment: observations: expected those of a sensor, got none")
    for sensor, array in segment.observations.items():
        _check_observations(sensor, array, steps)
    is_index = actions.ndim == 1 and actions.dtype == np.int32
    is_vector = actions.ndim == 2 and actions.dtype == np.float32 and actions.shape[1] > 0
    if not (is_index or is_vector) or len(actions) != steps:
        raise SegmentError(
            f"segment: actions: expected int32[{steps}] or float32[{steps}, D], "
            f"got {_shape(actions)}"
        )
    if not np.isfinite(rewards).all():
        raise SegmentError(f"segment: rewards: expected finite numbers, got {rewards!r:.200}")
    if is_vector and not (np.abs(actions) <= 1.0).all():
        raise SegmentError(f"segment: actions: expected them within [-1, 1], got {actions!r:.200}")
    if is_index and actions.min() < 0:
        raise SegmentError(f"segment: actions: expected indices from 0, got {actions!r:.200}")
    if segment.terminated and segment.truncated:
        raise SegmentError("segment: expected it terminated or truncated or neither, got both")
    meta = segment.meta
    for name in ("worker", "episode", "segment", "policy_version", "first_step"):
        least = 1 if name == "first_step" else 0
        if getattr(meta, name) < least:
            raise SegmentError(
                f"segment: {name}: expected at least {least}, got {getattr(meta, name)}"
            )


def _check_observations(sensor: str, array: NDArray[Any], steps: int) -> None:
    if sensor not in SENSORS:
        raise SegmentError(
            f"segment: observations: expected one of {', '.join(SENSORS)}, got {sensor!r:.100}"
        )
    dtype = observation_dtype(sensor)
    if array.ndim < 2 or array.dtype != dtype or len(array) != steps + 1 or 0 in array.shape:
        raise SegmentError(
            f"segment: observations: {sensor}: expected {dtype}[{steps + 1}, ...], one more than "
            f"the {steps} rewards, got {_shape(array)}"
        )
    if dtype.kind == "f" and not np.isfinite(array).all():
        raise SegmentError(
            f"segment: observations: {sensor}: expected finite numbers, got {array!r:.200}"
        )


def _shape(array: NDArray[Any]) -> str:
    return f"{array.dtype}{list(array.shape)}"
