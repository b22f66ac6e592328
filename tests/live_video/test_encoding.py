"""Pictures become H.264 one by one, and pieces of MP4 and Matroska that real players take."""

import io
from itertools import pairwise

import av
import numpy as np
import pytest
from deepracer.live_video.containers import Mp4Fragments, matroska_cluster, matroska_head
from deepracer.live_video.encoder import KEY_PERIOD_MS, EncodedPicture, Encoder
from shots import HEIGHT, WIDTH, picture

BEGAN_MS = 1_790_000_000_000


@pytest.fixture
def encoder():
    encoder = Encoder(WIDTH, HEIGHT)
    yield encoder
    encoder.close()


def encode(encoder: Encoder, times: list[int]) -> list[EncodedPicture]:
    return [
        encoder.encode(picture(number), BEGAN_MS + time_ms) for number, time_ms in enumerate(times)
    ]


def test_each_picture_is_encoded_at_once_and_keys_come_by_the_clock(encoder):
    # Fifteen pictures in a second, then three.
    times = [67 * n for n in range(60)] + [4000 + 333 * n for n in range(12)]
    made = encode(encoder, times)
    assert [each.time_ms - BEGAN_MS for each in made] == times
    keys = [each.time_ms - BEGAN_MS for each in made if each.is_key]
    assert keys[0] == 0
    for before, after in pairwise(keys):
        assert KEY_PERIOD_MS <= after - before < KEY_PERIOD_MS + 334


def test_a_clock_that_goes_back_or_stands_still_is_moved_on(encoder):
    made = encode(encoder, [0, 100, 100, 50, 101, 300])
    assert [each.time_ms - BEGAN_MS for each in made] == [0, 100, 101, 102, 103, 300]


def test_mp4_plays_from_any_key(encoder):
    made = encode(encoder, [67 * n for n in range(70)])
    container = Mp4Fragments(encoder.stream)
    fragments = [fragment for each in made if (fragment := container.add(each)) is not None]
    assert len(fragments) == len(made) - 1
    keys = [index for index, fragment in enumerate(fragments) if fragment.is_key]
    assert keys == [index for index, each in enumerate(made) if each.is_key]
    for begin in (0, keys[1]):
        data = container.head + b"".join(fragment.data for fragment in fragments[begin:])
        with av.open(io.BytesIO(data)) as played:
            (stream,) = played.streams
            frames = list(played.decode(stream))
        assert len(frames) == len(fragments) - begin
        assert frames[0].time == pytest.approx(begin * 0.067)
        seen = frames[-1].to_ndarray(format="rgb24").astype(int)
        assert np.abs(seen - picture(68)).mean() < 8.0
    assert encoder.codec.startswith("avc1.64")


def test_a_cluster_is_whole_by_itself_and_has_the_time_of_the_wall(encoder):
    made = encode(encoder, [67 * n for n in range(62)])
    head = matroska_head(encoder.stream)
    for pictures in (made[:30], made[30:60]):
        data = head + matroska_cluster(encoder.stream, pictures)
        with av.open(io.BytesIO(data), format="matroska") as container:
            (stream,) = container.streams
            assert stream.codec_context.name == "h264"
            times = [
                round(packet.pts * packet.time_base * 1000)
                for packet in container.demux(stream)
                if packet.size
            ]
        assert times == [each.time_ms for each in pictures]
    assert b"V_MPEG4/ISO/AVC" in head


def test_the_colours_are_right(encoder):
    red = np.full((HEIGHT, WIDTH, 3), (200, 30, 40), np.uint8)
    made = [encoder.encode(red, BEGAN_MS + 67 * n) for n in range(3)]
    data = matroska_head(encoder.stream) + matroska_cluster(encoder.stream, made)
    with av.open(io.BytesIO(data), format="matroska") as container:
        frame = next(container.decode(video=0))
        assert (frame.colorspace, frame.color_range) == (5, 1)
        seen = frame.to_ndarray(format="rgb24")
    assert np.abs(seen.astype(int) - (200, 30, 40)).max() < 6


def test_a_still_picture_costs_next_to_nothing(encoder):
    still = picture(0)
    made = [encoder.encode(still, BEGAN_MS + 67 * n) for n in range(20)]
    assert sum(len(each.data) for each in made[5:]) / 15 < 0.2 * len(made[0].data)
