"""With stack_size the learner sees what the agent saw, and learns what one frame does not show."""

import numpy as np
import pytest
from deepracer_core.frame_stack import FrameStack
from deepracer_core.hyperparameters import Hyperparameters
from deepracer_trainer.distributions import Categorical
from deepracer_trainer.experience import Collector
from deepracer_trainer.networks import build_actor_critics, build_network
from deepracer_trainer.ppo import ClippedPPO
from deepracer_trainer.replay import ReplayMemory
from deepracer_trainer.sac import SoftActorCritic
from identity_environment import ACTIONS, CAMERA, SIZE, TINY, IdentityEnvironment, make_segment

STACK = 2
SHAPES = {CAMERA[0]: (SIZE, SIZE, STACK)}


def make(algorithm, stack_size=STACK):
    given = Hyperparameters(
        lr=2e-3,
        batch_size=32,
        num_epochs=4,
        discount_factor=0.0,
        beta_entropy=0.001,
        sac_updates_per_step=0.5,
        stack_size=stack_size,
    )
    shapes = {CAMERA[0]: (SIZE, SIZE, stack_size) if stack_size > 1 else (SIZE, SIZE)}
    if algorithm == "ppo":
        network = build_network(TINY, shapes, ACTIONS, is_discrete=True, seed=0)
        return ClippedPPO(network, Categorical(ACTIONS), given, seed=0)
    networks = build_actor_critics(TINY, shapes, ACTIONS, is_discrete=True, seed=0)
    replay = ReplayMemory(stack_size)
    return SoftActorCritic(
        *networks, Categorical(ACTIONS), given, target_entropy=0.3, replay=replay, seed=0
    )


def remembered(environment, episode, lengths, version):
    """Segments of an episode in which the right action was shown one frame before."""
    steps = sum(lengths)
    shown, right = environment.observations(steps + 1)
    actions = environment.random({CAMERA[0]: shown[CAMERA[0]][:-1]})
    wanted = np.concatenate([right[:1], right[:-2]])  # the first frame is its own predecessor
    rewards = environment.reward(actions, wanted)
    first = 0
    for number, length in enumerate(lengths):
        rows = slice(first, first + length)
        yield make_segment(
            observations={CAMERA[0]: shown[CAMERA[0]][first : first + length + 1]},
            actions=actions[rows],
            rewards=rewards[rows],
            truncated=number == len(lengths) - 1,
            episode=episode,
            segment=number,
            version=version,
        )
        first += length


def greedy_reward(learner, environment, stack_size=STACK):
    shown, right = environment.observations(257)
    stack = FrameStack(stack_size)
    stacks = [stack.add({CAMERA[0]: frame})[CAMERA[0]] for frame in shown[CAMERA[0]]]
    likeliest = learner.network({CAMERA[0]: np.stack(stacks[1:])})[0].numpy().argmax(axis=1)
    return float((likeliest == right[:-1]).mean())


@pytest.mark.parametrize("algorithm", ["ppo", "sac"])
def test_learns_what_the_frame_before_showed(algorithm):
    learner = make(algorithm)
    environment = IdentityEnvironment(0, is_discrete=True)
    collector = Collector(episodes=100, steps=256, stack_size=STACK)
    for iteration in range(10):
        for episode in range(4):
            pieces = remembered(environment, 4 * iteration + episode, (32, 32), version=0)
            for number, segment in enumerate(pieces):
                assert learner.fits(segment)
                collector.add(number, segment)
        learner.update(collector.take().trajectories)
    assert greedy_reward(learner, environment) > 0.9


def test_an_episode_that_goes_on_in_the_next_iteration_keeps_its_frames():
    environment = IdentityEnvironment(0, is_discrete=True)
    segments = list(remembered(environment, 0, (4, 4, 4), version=0))
    collector = Collector(episodes=9, steps=4, stack_size=3)
    agent, histories = FrameStack(3), []
    for number, segment in enumerate(segments):
        collector.add(number, segment)
        (trajectory,) = collector.take().trajectories
        before = np.concatenate(trajectory.history(3)[CAMERA[0]])
        histories.append(np.concatenate([before, segment.observations[CAMERA[0]]]))
    for history, segment in zip(histories, segments, strict=True):
        for row, frame in enumerate(segment.observations[CAMERA[0]][:-1]):
            acted_on = agent.add({CAMERA[0]: frame})[CAMERA[0]]
            np.testing.assert_array_equal(np.moveaxis(history[row : row + 3], 0, -1), acted_on)


def test_experience_of_frames_fits_only_a_network_of_such_stacks():
    segment = make_segment(observations={CAMERA[0]: np.zeros((5, SIZE, SIZE + 1), np.uint8)})
    assert not make("ppo").fits(segment)
    assert make("ppo", stack_size=1).fits(make_segment())
