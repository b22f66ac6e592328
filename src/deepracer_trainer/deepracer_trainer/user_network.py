"""A user's own network: `"neural_network": "my_network.py:build"` in model_metadata.json.

    def build(inputs):
        x = keras.layers.Reshape((120, 160, -1))(inputs["FRONT_FACING_CAMERA"])
        x = keras.layers.Rescaling(1 / 255)(x)
        ...
        return keras.layers.Dense(256, activation="relu")(x)

`inputs` has a keras.KerasTensor for each sensor, by its name: uint8 or float32, [B, ...]. What is
returned are the features, float32[B, F], that the policy and its critics read; their heads are the
project's, so that one network serves every algorithm and action space.
"""

import sys
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

import keras
from deepracer_core.errors import ConfigurationError

from deepracer_trainer.networks import Trunk

_HEADS = ("policy", "value", "q_")
"""What the names of the heads' layers begin with: by them the losses know what they train."""


def load_trunk(reference: str, folder: Path, seed: int) -> Trunk:
    """The function that a user's file has.

    Args:
        reference: `FILE:FUNCTION`; the file's path begins in `folder`.
        folder: that of model_metadata.json.
        seed: of all initial weights that have no seed of their own.

    Returns:
        It, checking what it builds.

    Raises:
        ConfigurationError: the file cannot be read or imported, or has no such function; what is
            returned raises it when the function fails or builds something else. It names the file.
    """
    file, _, name = reference.rpartition(":")
    path = folder / file
    try:
        code = compile(path.read_bytes(), str(path), "exec")
    except (OSError, SyntaxError, ValueError) as error:
        raise ConfigurationError(
            f"{path}: expected a network's Python file, got: {error}"
        ) from error
    module = ModuleType(path.stem)
    module.__file__ = str(path)
    sys.modules.setdefault(module.__name__, module)
    try:
        exec(code, module.__dict__)
    except (Exception, SystemExit) as error:  # a user's code can raise anything
        raise ConfigurationError(f"{path}: it cannot be imported: {error!r}") from error
    function = getattr(module, name, None)
    if not callable(function):
        raise ConfigurationError(f"{path}: expected `def {name}(inputs)`, got {function!r:.80}")

    def build(inputs: Mapping[str, keras.KerasTensor]) -> keras.KerasTensor:
        # Layers without a name are counted; their names are those of the weights in a store.
        keras.utils.clear_session()
        keras.utils.set_random_seed(seed)
        try:
            features = function(dict(inputs))
        except (Exception, SystemExit) as error:  # a user's code can raise anything
            raise ConfigurationError(f"{path}: {name} failed: {error!r}") from error
        is_tensor = isinstance(features, keras.KerasTensor)
        if not is_tensor or len(features.shape) != 2 or features.dtype != "float32":
            raise ConfigurationError(
                f"{path}: {name}: expected features float32[B, F] to be returned, got "
                + (f"{features.dtype}{list(features.shape)}" if is_tensor else f"{features!r:.80}")
            )
        for layer in keras.Model(dict(inputs), features).layers:
            if layer.name.startswith(_HEADS):
                raise ConfigurationError(
                    f"{path}: {name}: expected no layer whose name begins with"
                    f" {', '.join(_HEADS)}, as those of the heads do, got {layer.name!r}"
                )
        return features

    return build
