import json
from dataclasses import replace

import numpy as np
import pytest
import safetensors.numpy
from deepracer_core.segment import Segment, SegmentError, SegmentMeta, decode, encode
from hypothesis import example, given, settings
from hypothesis import strategies as st

META = SegmentMeta("a run", 3, 41, 5, 7, 2**31, "meadow_loop", 161)


CAMERA, STEREO, LIDAR = "FRONT_FACING_CAMERA", "STEREO_CAMERAS", "LIDAR"


def make(steps=5, *, continuous=False, sensors=(CAMERA,), **changes):
    rng = np.random.default_rng(steps)
    actions = rng.uniform(-1, 1, (steps, 2)).astype(np.float32)
    seen = {
        CAMERA: rng.integers(0, 256, (steps + 1, 4, 6), dtype=np.uint8),
        STEREO: rng.integers(0, 256, (steps + 1, 4, 6, 2), dtype=np.uint8),
        LIDAR: rng.uniform(0.15, 12.0, (steps + 1, 8)).astype(np.float32),
    }
    segment = Segment(
        observations={sensor: seen[sensor] for sensor in sensors},
        actions=actions if continuous else np.arange(steps, dtype=np.int32),
        rewards=rng.normal(size=steps).astype(np.float32),
        terminated=False,
        truncated=True,
        meta=META,
    )
    return replace(segment, **changes)


def assert_same(before, after):
    assert before.dtype == after.dtype
    np.testing.assert_array_equal(before, after)
    assert after.flags.writeable


@pytest.mark.parametrize("continuous", [False, True])
@pytest.mark.parametrize("ends", [(False, False), (True, False), (False, True)])
def test_what_is_encoded_is_decoded(continuous, ends):
    segment = make(7, continuous=continuous, terminated=ends[0], truncated=ends[1])
    back = decode(encode(segment))
    assert_same(segment.actions, back.actions)
    assert_same(segment.rewards, back.rewards)
    assert_same(segment.observations[CAMERA], back.observations[CAMERA])
    assert (back.terminated, back.truncated) == ends
    assert back.meta == META
    assert len(back) == 7


@pytest.mark.parametrize("sensors", [(LIDAR,), (STEREO, LIDAR), (CAMERA, STEREO, LIDAR)])
def test_observations_of_each_sensor_are_kept_by_its_name(sensors):
    segment = make(sensors=sensors)
    back = decode(encode(segment))
    assert tuple(back.observations) == sensors
    for sensor in sensors:
        assert_same(segment.observations[sensor], back.observations[sensor])


def test_others_can_read_it_with_safetensors_alone():
    segment = make(sensors=(CAMERA, LIDAR))
    arrays = safetensors.numpy.load(encode(segment))
    names = {f"observations.{CAMERA}", f"observations.{LIDAR}"}
    assert arrays.keys() == {*names, "actions", "rewards"}
    for sensor, array in segment.observations.items():
        np.testing.assert_array_equal(arrays[f"observations.{sensor}"], array)


def test_arrays_that_are_views_of_others_are_encoded_as_they_look():
    wide = np.arange(6 * 4 * 12, dtype=np.uint8).reshape(6, 4, 12)
    segment = make(observations={CAMERA: wide[:, :, ::2]})
    np.testing.assert_array_equal(decode(encode(segment)).observations[CAMERA], wide[:, :, ::2])


def test_equal_segments_are_equal_bytes():
    assert encode(make()) == encode(make())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rewards": np.zeros(5)}, r"rewards: expected float32\[T\], got float64\[5\]"),
        ({"rewards": np.array([1, np.nan, 0, 0, 0], np.float32)}, "rewards: expected finite"),
        ({"rewards": np.zeros(0, np.float32)}, "rewards: expected"),
        (
            {"observations": {CAMERA: np.zeros((5, 4, 6), np.uint8)}},
            r"FRONT_FACING_CAMERA: expected uint8\[6, ...\].*\[5, 4, 6\]",
        ),
        ({"observations": {CAMERA: np.zeros((6, 4, 0), np.uint8)}}, "CAMERA: expected uint8"),
        ({"observations": {CAMERA: np.zeros((6, 4, 6), np.int8)}}, "CAMERA: expected.*int8"),
        ({"observations": {LIDAR: np.zeros((6, 64), np.uint8)}}, r"LIDAR: expected float32\[6, "),
        ({"observations": {LIDAR: np.full((6, 4), np.nan, np.float32)}}, "LIDAR: expected finite"),
        ({"observations": {}}, "observations: expected those of a sensor, got none"),
        ({"observations": {"RADAR": np.zeros((6, 4))}}, "expected one of FRONT.*got 'RADAR'"),
        ({"actions": np.zeros(5, np.int64)}, r"actions: expected int32\[5\].*got int64\[5\]"),
        ({"actions": np.zeros(4, np.int32)}, r"actions: expected int32\[5\].*got int32\[4\]"),
        ({"actions": np.full(5, -1, np.int32)}, "actions: expected indices from 0"),
        ({"actions": np.full((5, 2), 1.5, np.float32)}, r"actions: expected them within \[-1, 1\]"),
        ({"actions": np.full((5, 2), np.nan, np.float32)}, r"actions: expected them within"),
        ({"terminated": True}, "terminated or truncated or neither, got both"),
        ({"meta": replace(META, worker=-1)}, "worker: expected at least 0, got -1"),
        ({"meta": replace(META, first_step=0)}, "first_step: expected at least 1, got 0"),
    ],
)
def test_what_is_no_segment_is_not_encoded(changes, message):
    with pytest.raises(SegmentError, match=message):
        encode(make(**changes))


def with_description(change, arrays=None):
    segment = make()
    header = encode(segment)
    size = int.from_bytes(header[:8], "little")
    description = json.loads(json.loads(header[8 : 8 + size])["__metadata__"]["segment"])
    change(description)
    given_arrays = {
        f"observations.{CAMERA}": segment.observations[CAMERA],
        "actions": segment.actions,
        "rewards": segment.rewards,
    }
    return safetensors.numpy.save(
        arrays or given_arrays, metadata={"segment": json.dumps(description)}
    )


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "at least 8 bytes, got 0"),
        (b"\xff" * 64, "its header is said to have 18446744073709551615 bytes"),
        (b"\x80\x04K\x01." * 20, "its header is said to have"),
        (b"\x02" + b"\0" * 7 + b"{}", "__metadata__.segment of a JSON header, got KeyError"),
        (b"\xe8\x03" + b"\0" * 6 + b"[" * 1000, "JSON header"),
        (safetensors.numpy.save({"a": np.zeros(2)}), "__metadata__"),
        (with_description(lambda d: d.update(schema=1)), "expected schema 2, got 1"),
        (with_description(lambda d: d.pop("worker")), "worker: expected int, got None"),
        (with_description(lambda d: d.update(episode=True)), "episode: expected int, got True"),
        (with_description(lambda d: d.update(terminated=1)), "terminated: expected bool, got 1"),
        (with_description(lambda d: d.update(track=["x"])), r"track: expected str, got \['x'\]"),
        (with_description(lambda d: None, {"rewards": np.zeros(2)}), "expected arrays"),
    ],
)
def test_what_is_no_segment_is_not_decoded(data, message):
    with pytest.raises(SegmentError, match=message):
        decode(data)


WHOLE = encode(make(3, sensors=(CAMERA, LIDAR)))


@settings(max_examples=400, deadline=None)
@given(flips=st.dictionaries(st.integers(0, len(WHOLE) - 1), st.integers(0, 255), max_size=8))
@example(flips={0: 0})
def test_damaged_bytes_raise_nothing_but_a_segment_error(flips):
    damaged = bytearray(WHOLE)
    for place, value in flips.items():
        damaged[place] = value
    try:
        segment = decode(bytes(damaged))
    except SegmentError:
        return
    encode(segment)


@pytest.mark.parametrize("extra", [b"", b"\0", b"x" * 100])
def test_every_length_but_the_right_one_is_refused(extra):
    lengths = range(len(WHOLE)) if not extra else [len(WHOLE)]
    for length in lengths:
        with pytest.raises(SegmentError):
            decode(WHOLE[:length] + extra)


def test_every_bit_of_the_header_can_flip():
    size = 8 + int.from_bytes(WHOLE[:8], "little")
    for bit in range(8 * size):
        damaged = bytearray(WHOLE)
        damaged[bit // 8] ^= 1 << bit % 8
        try:
            decode(bytes(damaged))
        except SegmentError:
            continue


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_any_bytes_raise_nothing_but_a_segment_error(data):
    with pytest.raises(SegmentError):
        decode(data)
