ABS_STEERING_THRESHOLD = 15  # degrees
STEERING_CHANGE_THRESHOLD = 20

previous_steering = None


def reward_function(params):
    """Follow the centre line without zig-zag; remembers the step before."""
    global previous_steering

    reward = max(1e-3, 1.0 - 2 * params["distance_from_center"] / params["track_width"])
    steering = params["steering_angle"]
    if abs(steering) > ABS_STEERING_THRESHOLD:
        reward *= 0.8
    if params["steps"] <= 1:
        previous_steering = None  # a new episode
    change = 0 if previous_steering is None else abs(steering - previous_steering)
    if change > STEERING_CHANGE_THRESHOLD:
        reward *= 0.5
    previous_steering = steering
    return reward
