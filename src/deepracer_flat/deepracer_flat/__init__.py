"""The car and its tracks without Gazebo: a flat world, a soft-tyred car, a camera over the ground.

Importing it registers the gymnasium environment.
"""

import gymnasium

ENVIRONMENT = "DeepRacer-v0"
"""Its name for `gymnasium.make`."""

gymnasium.register(ENVIRONMENT, "deepracer_flat.environment:DeepRacerEnvironment")
