"""What DeepRacer is, without ROS and without TensorFlow: the track, the race, the experience, the stores."""
