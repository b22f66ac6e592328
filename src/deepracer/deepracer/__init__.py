"""The command line of DeepRacer: train, evaluate, smoke, check."""

from pkgutil import extend_path

# The community's deepracer-utils installs `deepracer.logs` under this same name: both must import.
__path__ = extend_path(__path__, __name__)
