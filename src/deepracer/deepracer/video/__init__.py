"""`deepracer video`: a film of a run, made by driving its trace once more in its own Gazebo."""
