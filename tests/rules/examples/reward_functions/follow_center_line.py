def reward_function(params):
    """Follow the centre line: three bands around it, an int for the worst."""
    track_width = params["track_width"]
    distance_from_center = params["distance_from_center"]

    # Bands at a tenth, a quarter and half of the track's width.
    if distance_from_center <= 0.1 * track_width:
        return 1
    if distance_from_center <= 0.25 * track_width:
        return 0.5
    if distance_from_center <= 0.5 * track_width:
        return 0.1
    return 1e-3
