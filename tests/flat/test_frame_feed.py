"""What live video is told of a flat worker's frames, and the pictures that are made of it."""

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from deepracer_core.episode import CarState, EpisodeStatus
from deepracer_core.judgement import Judgement
from deepracer_core.simulation import ObjectPose
from deepracer_flat.flat_simulator import FlatSimulator
from deepracer_flat.frame_feed import PERIOD_S, FedFrame, FrameFeed, FrameReceiver

FRAME = FedFrame(
    state=CarState(66_666_666, 1.5, -2.0, 0.25, 1.25, -0.125),
    judgement=Judgement(
        66_666_666, 3, 1, EpisodeStatus.PAUSE, False, evaluates=True, progress=12.5
    ),
    version=4,
    objects=(ObjectPose("obstacle_0", 0.5, 1.0, 0.0), ObjectPose("bot_car_1", 2.0, 1.0, 0.5)),
)


def numbered(number: int) -> FedFrame:
    return replace(FRAME, version=number)


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "frames.socket")


def test_the_newest_frame_is_received_as_it_was_told(path):
    feed, receiver = FrameFeed(path), FrameReceiver(path)
    assert receiver.newest() is None
    for number in (1, 2, 3):
        feed.tell(numbered(number))
    assert receiver.newest() == numbered(3)
    assert receiver.newest() is None
    feed.tell(FRAME)
    assert receiver.newest() == FRAME
    receiver.close()
    feed.close()


def test_a_frame_is_due_again_after_a_while(path):
    feed = FrameFeed(path)
    assert feed.is_due()
    feed.tell(FRAME)
    assert not feed.is_due()
    time.sleep(PERIOD_S)
    assert feed.is_due()


def test_nobody_is_waited_for(path):
    feed = FrameFeed(path)
    feed.tell(FRAME)
    receiver = FrameReceiver(path)
    began = time.monotonic()
    for number in range(5000):
        feed.tell(numbered(number))
    assert time.monotonic() - began < 2.0
    # The queue was full: what did not fit is lost.
    assert receiver.newest().version < 4999
    receiver.close()
    feed.tell(FRAME)
    # One that was killed has left its socket behind.
    killed = FrameReceiver(path)
    killed._socket.close()
    feed.tell(FRAME)
    again = FrameReceiver(path)
    feed.tell(FRAME)
    assert again.newest() == FRAME


def test_the_car_is_seen_from_behind_on_request(simulator, track):
    simulator.reset(*track.pose_at(1.0))
    assert simulator.seen() is None
    simulator.look()
    box = ObjectPose("obstacle_0", *track.pose_at(3.0))
    simulator.place([box])
    frame = simulator.step(0.0, 1.0)
    assert list(frame.images) == ["front"]
    # However late it is asked what was seen.
    for _ in range(10):
        simulator.step(0.5, 2.0)
    sight = simulator.seen()
    assert sight.time_ns == frame.time_ns
    chase = sight.image.astype(int)
    assert chase.shape == (360, 640, 3)
    blue = (chase[..., 2] > chase[..., 0] + 40) & (chase[..., 2] > chase[..., 1] + 40)
    blue[:100] = False  # the sky
    rows, columns = np.nonzero(blue)
    assert blue.sum() > 1500
    assert columns.mean() == pytest.approx(319.5, abs=15.0)
    assert rows.mean() > 180
    brown = np.abs(chase / np.maximum(chase.max(axis=-1, keepdims=True), 1) - (1.0, 0.74, 0.44))
    assert (brown.max(axis=-1) < 0.05).sum() > 100, "the box stands ahead"
    assert simulator.seen() is None


def test_a_gray_simulator_has_nobody_behind_it(track):
    simulator = FlatSimulator(track, is_gray=True)
    simulator.look()
    simulator.step(0.0, 1.0)
    assert simulator.seen() is None
