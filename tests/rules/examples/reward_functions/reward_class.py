import math

import numpy as np


class Reward:
    """Keeps what it needs from one step to the next."""

    def __init__(self, verbose=False):
        self.verbose = verbose
        self.first_progress = None
        self.prev_progress = 0
        self.speeds = []

    def distance_reward(self, params):
        x = params["distance_from_center"] / (params["track_width"] / 2)
        return np.exp(-4.0 * x**2)

    def heading_reward(self, params):
        points = np.array(params["waypoints"], dtype=np.float64)
        behind, ahead = params["closest_waypoints"]
        direction = points[ahead] - points[behind]
        error = math.radians(params["heading"]) - np.arctan2(direction[1], direction[0])
        return np.cos(error).clip(0, 1)

    def reward_function(self, params):
        if params["steps"] <= 1:
            self.prev_progress, self.speeds = 0, []
        gained = params["progress"] - self.prev_progress
        self.prev_progress = params["progress"]
        self.speeds.append(params["speed"])
        steady = 1 / (1 + np.std(self.speeds))
        reward = self.distance_reward(params) * self.heading_reward(params) * steady
        if self.verbose:
            print(f"step {params['steps']:.0f}: {reward:.3f}")
        return np.float32(reward + max(gained, 0))


reward_object = Reward(verbose=False)


def reward_function(params):
    return reward_object.reward_function(params)
