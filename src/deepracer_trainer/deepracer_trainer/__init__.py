"""The trainer: experience from Redis, TensorFlow learning, model versions to the store. No ROS."""
