"""A launch that ended as it should not."""

from pathlib import Path

from deepracer.launch_log import first_death, last_lines


class JobFailed(RuntimeError):
    """Something that was started died; the message says what, its last words, and where to look."""


def launch_failure(what: str, exit_code: int, log_path: Path) -> JobFailed:
    """Say which process of a launch died first.

    Args:
        what: that was launched, as the person knows it.
        exit_code: of the launch.
        log_path: everything that the launch wrote.
    """
    death = first_death(log_path)
    if death is None:
        head = f"{what} ended with exit code {exit_code}; the last lines of its log:"
        lines = last_lines(log_path)
    else:
        head = f"{what} ended: {death.name} died with exit code {death.exit_code}; its last lines:"
        lines = death.lines
    quoted = "\n".join(f"  | {line}" for line in lines) or "  | (nothing)"
    return JobFailed(f"{head}\n{quoted}\nEverything is in {log_path}")
