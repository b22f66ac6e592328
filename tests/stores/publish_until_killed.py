"""Run as a program: publish versions until it is killed, or stand still before a certain key.

publish_until_killed.py URL FIRST_VERSION [KEY_END]
"""

import itertools
import signal
import sys

from deepracer_core.model_store import ModelStore, open_model_store


class StandStill:
    """Storage that stops for ever before it writes a key with this end."""

    def __init__(self, inner: object, key_end: str) -> None:
        self._inner = inner
        self._key_end = key_end

    def __getattr__(self, name: str) -> object:
        inner = getattr(self._inner, name)
        if name not in ("write", "write_if"):
            return inner

        def write(key: str, *arguments: object, **named: object) -> object:
            if key.endswith(self._key_end):
                print("standing still", flush=True)
                signal.pause()
            return inner(key, *arguments, **named)

        return write


def content(version: int) -> dict[str, bytes]:
    return {f"file{i}": bytes([version % 256, i]) * 500_000 for i in range(3)}


if __name__ == "__main__":
    store = open_model_store(sys.argv[1])
    if len(sys.argv) > 3:
        store = ModelStore(StandStill(store._storage, sys.argv[3]))  # type: ignore[arg-type]
    store.recover()
    print("begun", flush=True)
    for version in itertools.count(int(sys.argv[2])):
        store.publish(version, content(version), {"version": version})
