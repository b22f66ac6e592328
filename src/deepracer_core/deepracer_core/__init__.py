"""DeepRacer without ROS and without TensorFlow: track, race, experience, stores."""
