"""The replay memory gives back what was driven, each frame kept once, the oldest giving way."""

import numpy as np
from deepracer_trainer.experience import Trajectory
from deepracer_trainer.replay import ReplayMemory
from identity_environment import SIZE, make_segment

FRAME = SIZE * SIZE


def numbered(first, steps=4, **given):
    """A segment whose frames, actions and rewards tell the number of their step."""
    numbers = np.arange(first, first + steps + 1)
    frames = np.broadcast_to(numbers[:, None, None], (steps + 1, SIZE, SIZE)).astype(np.uint8)
    return make_segment(
        observations={"FRONT_FACING_CAMERA": frames.copy()},
        actions=numbers[:-1].astype(np.int32),
        rewards=numbers[:-1].astype(np.float32),
        **given,
    )


def shown(observations):
    """The numbers of the frames."""
    return observations["FRONT_FACING_CAMERA"][:, 0, 0]


def test_gives_back_each_step_and_what_it_led_to():
    memory = ReplayMemory()
    memory.add(Trajectory((numbered(0), numbered(4, segment=1, terminated=True))))
    memory.add(Trajectory((numbered(100, episode=1, truncated=True),)))
    read = memory.read(memory.drawable())
    steps = [*range(8), *range(100, 104)]
    assert shown(read.seen).tolist() == steps
    assert read.actions.tolist() == steps
    assert read.rewards.tolist() == steps
    assert shown(read.after).tolist() == [step + 1 for step in steps]
    assert read.terminated.tolist() == [0.0] * 7 + [1.0] + [0.0] * 4


def test_a_frame_between_two_segments_is_kept_once():
    memory = ReplayMemory()
    memory.add(Trajectory((numbered(0),)))
    memory.add(Trajectory((numbered(4, segment=1),)))  # comes in a later iteration
    assert memory.written == 9
    assert shown(memory.read(memory.drawable()).after).tolist() == [1, 2, 3, 4, 5, 6, 7, 8]
    memory.add(Trajectory((numbered(16, segment=4),)))  # some between were lost
    assert memory.written == 14
    assert shown(memory.read(memory.drawable()).after).tolist()[-4:] == [17, 18, 19, 20]


def test_the_oldest_steps_give_way():
    memory = ReplayMemory(max_bytes=12 * FRAME)
    for episode in range(5):
        memory.add(Trajectory((numbered(10 * episode, episode=episode),)))
        read = memory.read(memory.drawable())
        np.testing.assert_array_equal(shown(read.after), shown(read.seen) + 1)
        np.testing.assert_array_equal(shown(read.seen), read.rewards)
    assert shown(read.seen).tolist() == [23, 30, 31, 32, 33, 40, 41, 42, 43][-len(read.rewards) :]
    assert len(read.rewards) >= 8
    assert memory.origins(memory.drawable()[-1:]) == ["worker 0 episode 4 segment 0"]


def test_stacks_lie_within_their_episode():
    memory = ReplayMemory(stack_size=3)
    memory.add(Trajectory((numbered(0),)))
    memory.add(Trajectory((numbered(4, segment=1),)))
    memory.add(Trajectory((numbered(50, episode=1),)))
    read = memory.read(memory.drawable())
    stacks = read.seen["FRONT_FACING_CAMERA"][:, 0, 0].tolist()
    assert stacks[:3] == [[0, 0, 0], [0, 0, 1], [0, 1, 2]]
    assert stacks[4] == [2, 3, 4]
    assert stacks[8:10] == [[50, 50, 50], [50, 50, 51]]
    assert read.after["FRONT_FACING_CAMERA"][8, 0, 0].tolist() == [50, 50, 51]


def test_stacks_stay_whole_when_the_ring_comes_round():
    memory = ReplayMemory(stack_size=3, max_bytes=16 * FRAME)
    for episode in range(8):
        memory.add(Trajectory((numbered(10 * episode, episode=episode),)))
        stacks = memory.read(memory.drawable()).seen["FRONT_FACING_CAMERA"][:, 0, 0].astype(int)
        first = stacks[:, 2] // 10 * 10
        for back in (1, 2):
            np.testing.assert_array_equal(
                stacks[:, 2 - back], np.maximum(stacks[:, 2] - back, first)
            )


def test_what_is_forgotten_is_never_drawn_nor_gone_on_from():
    memory = ReplayMemory()
    memory.add(Trajectory((numbered(0),)))
    mark = memory.written
    memory.add(Trajectory((numbered(4, segment=1),)))
    memory.forget(mark)
    assert shown(memory.read(memory.drawable()).seen).tolist() == [0, 1, 2, 3]
    memory.add(Trajectory((numbered(8, segment=2),)))
    assert shown(memory.read(memory.drawable()).after).tolist()[-4:] == [9, 10, 11, 12]
