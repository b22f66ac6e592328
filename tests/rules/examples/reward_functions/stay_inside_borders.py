def reward_function(params):
    """Stay inside the two borders, with a margin for the outer wheels."""
    all_wheels_on_track = params["all_wheels_on_track"]
    margin = 0.5 * params["track_width"] - params["distance_from_center"]

    reward = 1e-3
    if all_wheels_on_track and margin >= 0.05:
        reward = 1.0
    return float(reward)
