import numpy as np
from deepracer_trainer.experience import Collector, name_segments
from identity_environment import make_segment


def collector(episodes=2, steps=1000):
    return Collector(episodes=episodes, steps=steps)


def add(to, *segments):
    for segment in segments:
        to.add(len(to._identifiers), segment)


def test_segments_of_two_workers_are_joined_by_episode_and_in_order():
    gathered = collector()
    add(
        gathered,
        make_segment(worker=0, episode=3, segment=0, rewards=np.array([1, 2], np.float32)),
        make_segment(worker=1, episode=3, segment=0, terminated=True),
        make_segment(worker=0, episode=3, segment=1, truncated=True, steps=3),
    )
    assert gathered.is_ready
    iteration = gathered.take()
    assert [len(trajectory) for trajectory in iteration.trajectories] == [5, 4]
    assert [t.terminated for t in iteration.trajectories] == [False, True]
    np.testing.assert_array_equal(iteration.trajectories[0].rewards, [1, 2, 1, 1, 1])
    assert (iteration.episodes, iteration.steps) == (2, 9)
    assert iteration.returns == (6.0, 4.0)
    assert iteration.identifiers == (0, 1, 2)
    assert not gathered.is_ready
    assert gathered.steps == 0


def test_the_order_of_arrival_does_not_matter():
    segments = [make_segment(episode=e, segment=s) for e in (1, 2) for s in (0, 1, 2)]
    gathered, shuffled = collector(), collector()
    add(gathered, *segments)
    add(shuffled, *segments[::-1])
    assert shuffled.take().trajectories == gathered.take().trajectories


def test_each_observation_is_in_a_trajectory_once():
    gathered = collector()
    pictures = np.arange(9, dtype=np.uint8)[:, None, None] * np.ones((1, 8, 8), np.uint8)
    add(
        gathered,
        make_segment(segment=0, observations={"STEREO_CAMERAS": pictures[:5]}),
        make_segment(segment=1, observations={"STEREO_CAMERAS": pictures[4:]}),
    )
    (trajectory,) = gathered.take().trajectories
    assert trajectory.sensors == ("STEREO_CAMERAS",)
    joined = np.concatenate(trajectory.observations("STEREO_CAMERAS"))
    np.testing.assert_array_equal(joined, pictures)


def test_a_lost_segment_begins_a_new_trajectory():
    gathered = collector()
    add(gathered, make_segment(segment=0), make_segment(segment=2, terminated=True))
    iteration = gathered.take()
    assert [len(trajectory) for trajectory in iteration.trajectories] == [4, 4]
    assert iteration.returns == ()  # the episode's beginning was not seen with its end


def test_a_segment_delivered_twice_counts_once_and_is_acknowledged_twice():
    gathered = collector(episodes=1)
    add(gathered, make_segment(terminated=True), make_segment(terminated=True))
    iteration = gathered.take()
    assert (iteration.episodes, iteration.steps, iteration.identifiers) == (1, 4, (0, 1))


def test_long_episodes_do_not_hold_up_an_update():
    gathered = collector(episodes=20, steps=8)
    add(gathered, make_segment(segment=0))
    assert not gathered.is_ready
    add(gathered, make_segment(segment=1))
    assert gathered.is_ready
    (trajectory,) = gathered.take().trajectories
    assert not trajectory.terminated


def test_segments_are_named_by_the_steps_in_them():
    gathered = collector()
    add(gathered, *(make_segment(episode=7, segment=s) for s in range(3)))
    names = name_segments(gathered.take().trajectories, np.array([11, 3, 2, 8]))
    assert names == ["worker 0 episode 7 segment 0", "worker 0 episode 7 segment 2"]
