"""The trainer: experience from Redis, learning in TensorFlow, model versions to the store. No ROS."""
