"""Running other programs: quiet while they work, shown when they fail, gone when set-up is gone."""

import ctypes
import os
import re
import shlex
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from .places import LOGS
from .report import Exit, SetupError

_PR_SET_PDEATHSIG = 1
_LINES_SHOWN = 25
_NO_NETWORK = re.compile(
    r"Temporary failure (in name resolution|resolving)|Name or service not known"
    r"|Could not resolve|Unable to connect|Could not connect|unable to resolve host address"
    r"|Connection (refused|timed out|reset)|Network is unreachable|No route to host"
    r"|Failed to establish a new connection|Cannot connect to proxy|Failed to fetch"
    r"|Failed getting release file|Couldn't download|Read timed out|Connection broken",
    re.IGNORECASE,
)
_NO_DISK = re.compile(r"No space left on device|not enough free space|Disk quota exceeded")


def _die_with_set_up() -> None:
    """Have the kernel kill this child when set-up dies, so that nothing goes on behind its back."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a child that is still at work because set-up was interrupted."""
    if process.poll() is None:
        # What sudo started is not ours to kill; the terminal or sudo has told it already.
        with suppress(PermissionError):
            process.kill()
        process.wait()


def run(
    part: str,
    command: Sequence[str | Path],
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> None:
    """Run a command with its output in the part's log.

    Args:
        part: names the log, `.setup/log/<part>.log`.
        command: program and arguments.
        environment: variables set on top of this process's own.
        folder: where to run; the current folder by default.

    Raises:
        SetupError: the command failed; the end of its output is in the message, and the code tells
            a full disk and an unreachable network from other failures.
    """
    LOGS.mkdir(parents=True, exist_ok=True)
    log = LOGS / f"{part}.log"
    with log.open("ab") as output:
        beginning = output.tell()
        output.write(f"$ {shlex.join(map(str, command))}\n".encode())
        output.flush()
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env={**os.environ, "LC_ALL": "C.UTF-8", **(environment or {})},
                preexec_fn=_die_with_set_up,
            )
        except FileNotFoundError as error:
            raise SetupError(Exit.FAILED, f"{command[0]}: no such program") from error
        try:
            process.wait()
        finally:
            _end(process)
    if process.returncode == 0:
        return
    with log.open("rb") as output:
        output.seek(beginning)
        said = output.read().decode(errors="replace")
    raise SetupError(_cause(said), _account(command, process.returncode, said, log))


def answer(command: Sequence[str | Path]) -> str | None:
    """What a short command prints, or None when it fails or is not there."""
    try:
        process = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "LC_ALL": "C.UTF-8"},
            text=True,
            check=False,
        )
    except OSError:
        return None
    return process.stdout.strip() if process.returncode == 0 else None


def succeeds(command: Sequence[str | Path]) -> bool:
    """Whether a short command is there and ends with code 0."""
    return answer(command) is not None


def _cause(said: str) -> Exit:
    if _NO_DISK.search(said):
        return Exit.NO_DISK
    if _NO_NETWORK.search(said):
        return Exit.NO_NETWORK
    return Exit.FAILED


def _account(command: Sequence[str | Path], code: int, said: str, log: Path) -> str:
    advice = {
        Exit.NO_DISK: "the disk is full: free some space and run this again",
        Exit.NO_NETWORK: "the network or the mirror cannot be reached: "
        "check the connection (and http_proxy, https_proxy) and run this again",
        Exit.FAILED: "run this again after mending what the output above complains about",
    }[_cause(said)]
    shown = "\n".join(f"  | {line}" for line in said.splitlines()[-_LINES_SHOWN:])
    return f"{Path(command[0]).name} failed with code {code}:\n{shown}\n{advice} (all of it: {log})"
