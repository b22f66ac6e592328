"""Drive fast along the centre line: the reward that a run uses unless it is given another."""

import math

BRISK = 2.0  # m/s at which the speed earns its full share


def reward_function(params):
    """Reward of one step, from 0 (off the road or across it) to 1 (fast, in the middle, along it).

    It is smooth and there at every step, so that each action shows at once whether it was a good
    one. Its three parts are multiplied: none can be bought with another.
    """
    if params["is_offtrack"] or params["is_crashed"]:
        return 0.0

    # 1 in the middle of the road, falling ever faster to 0 at its border.
    half_width = 0.5 * params["track_width"]
    centered = max(0.0, 1.0 - (params["distance_from_center"] / half_width) ** 2)

    # The cosine of the angle between the car and the road: what part of its speed is progress.
    behind, ahead = params["closest_waypoints"]
    x0, y0 = params["waypoints"][behind]
    x1, y1 = params["waypoints"][ahead]
    road = math.atan2(y1 - y0, x1 - x0)
    along = max(0.0, math.cos(math.radians(params["heading"]) - road))

    # Most of the reward is for staying on the road; the rest is for speed.
    pace = 0.4 + 0.6 * min(params["speed"] / BRISK, 1.0)

    return float(centered * along * pace)
