"""Ctrl-C and SIGTERM as something to wait for, not as an exception that may strike anywhere."""

import signal
import threading
from types import FrameType, TracebackType

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interruption:
    """While entered, the first SIGINT, SIGTERM or SIGHUP is remembered; later ones change nothing.

    To be used in the main thread.

    Attributes:
        number: the signal that came first, or None.
    """

    def __init__(self) -> None:
        self.number: int | None = None
        self._came = threading.Event()
        self._before: dict[int, object] = {}

    def __enter__(self) -> "Interruption":
        for number in _SIGNALS:
            self._before[number] = signal.signal(number, self._remember)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)  # type: ignore[arg-type]

    @property
    def came(self) -> bool:
        """Whether a signal has come."""
        return self._came.is_set()

    @property
    def exit_code(self) -> int:
        """What a shell expects of a program that ended because of the signal: 130 for Ctrl-C."""
        return 0 if self.number is None else 128 + self.number

    @property
    def name(self) -> str:
        """The signal as a person knows it."""
        if self.number == signal.SIGINT:
            return "Ctrl-C"
        return "nothing" if self.number is None else signal.Signals(self.number).name

    def wait(self, timeout_s: float) -> bool:
        """Block until a signal comes or the time is up; say whether one has come."""
        return self._came.wait(timeout_s)

    def _remember(self, number: int, frame: FrameType | None) -> None:
        if self.number is None:
            self.number = number
        self._came.set()
