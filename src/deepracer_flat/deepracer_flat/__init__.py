"""The car and its tracks without Gazebo: a flat world, a bicycle, a camera over the ground."""

import gymnasium

gymnasium.register(
    id="DeepRacer-v0",
    entry_point="deepracer_flat.environment:DeepRacerEnvironment",
)
