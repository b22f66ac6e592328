"""The files of a model version by their names; the user's own files are kept with them."""

POLICY_FILE = "policy.tflite"
"""What acts."""

METADATA_FILE = "model_metadata.json"
"""What its actions and sensors are."""

HYPERPARAMETERS_FILE = "hyperparameters.json"
"""How it explores; without it, it draws its actions."""

WEIGHTS_FILE = "weights.safetensors"
"""The networks, by the names of their variables."""

OPTIMIZER_FILE = "optimizer.safetensors"
"""What else an update changes: Adam's moments, random generator, scale of returns, steps."""
