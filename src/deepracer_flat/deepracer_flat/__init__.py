"""The car and its tracks without Gazebo: a flat world, a bicycle, a camera over the ground."""
