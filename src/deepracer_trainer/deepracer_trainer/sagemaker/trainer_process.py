"""The trainer as a child, whose log goes on standard output.

The kernel ends it when the thread that started it ends.
"""

import logging
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import IO

from deepracer_core.die_with_parent import die_with_parent
from deepracer_core.telemetry.events import event_text, read_event

from deepracer_trainer.sagemaker.output import say

_LOG = logging.getLogger(__name__)

_LOG_PREFIX = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} [A-Z]+ ")


class TrainerProcess:
    """A running trainer.

    Args:
        arguments: of `deepracer_trainer.main`.
        heard: is told each line of its log, of JSON just the text, in a thread of its own.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        heard: Callable[[str], None],
    ) -> None:
        self._heard = heard
        self._last_line = ""
        self._process = subprocess.Popen(
            [sys.executable, "-m", "deepracer_trainer.main", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            # A Ctrl-C in a terminal is for the parent, which then stops it once.
            start_new_session=True,
            preexec_fn=partial(die_with_parent, signal.SIGTERM),
        )
        if self._process.stdout is None:
            raise OSError("no pipe to the trainer")
        self._reader = threading.Thread(
            target=self._read, args=(self._process.stdout,), name="trainer log", daemon=True
        )
        self._reader.start()

    @property
    def exit_code(self) -> int | None:
        """Negative for a signal; None while it runs."""
        return self._process.poll()

    def stop(self, patience_s: float) -> None:
        """Ask it to end, and end it by force if it does not within so many seconds."""
        if self._process.poll() is None:
            self._process.terminate()
        try:
            self._process.wait(patience_s)
        except subprocess.TimeoutExpired:
            _LOG.warning("the trainer did not end within %.0f s and was killed", patience_s)
            self._process.kill()
            self._process.wait()
        self._reader.join()

    def failure(self) -> str | None:
        """Why it ended, if that was none of a training's ends."""
        code = self._process.poll()
        self._reader.join()
        if code is None or code == 0:
            return None
        if code < 0:
            name = signal.Signals(-code).name
            memory = "; the machine may have had no memory left" if name == "SIGKILL" else ""
            return f"the trainer was ended by {name}{memory}"
        return f"the trainer ended with exit code {code}: {self._last_line}"

    def _read(self, lines: IO[str]) -> None:
        with lines:
            for line in lines:
                text = line.rstrip("\n")
                say(text)
                event = read_event(text)
                said = text if event is None else event_text(event)
                if said.strip():
                    self._last_line = _LOG_PREFIX.sub("", said)
                self._heard(said)
