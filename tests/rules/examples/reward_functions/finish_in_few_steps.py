TOTAL_NUM_STEPS = 300
SPEED_THRESHOLD = 1


def reward_function(params):
    """Stay on the road, be fast, and be ahead of a lap in so many steps."""
    steps = params["steps"]
    progress = params["progress"]
    speed = params["speed"]

    if not params["all_wheels_on_track"] or params["is_offtrack"] or params["is_reversed"]:
        reward = 1e-3
    elif speed < SPEED_THRESHOLD:
        reward = 0.5
    else:
        reward = 1.0 + speed
    if (steps % 50) == 0 and progress > (steps / TOTAL_NUM_STEPS) * 100:
        reward += 10
    return reward
