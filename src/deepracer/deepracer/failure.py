"""A launch that ended as it should not."""

from pathlib import Path

from deepracer.launch_log import first_end, last_lines


class JobFailed(RuntimeError):
    """Something that was started died; the message says what, its last words, and where to look."""


def launch_failure(what: str, exit_code: int | None, log_path: Path) -> JobFailed:
    """Say which process of a launch died first.

    Args:
        what: that was launched, as the person knows it.
        exit_code: of the launch.
        log_path: everything that the launch wrote.
    """
    end = first_end(log_path)
    if end is None:
        head = f"{what} ended with exit code {exit_code}; the last lines of its log:"
        lines = last_lines(log_path)
    else:
        how = f"died with exit code {end.exit_code}" if end.exit_code else "ended"
        head = f"{what} ended because {end.name} {how}; its last lines:"
        lines = end.lines
    quoted = "\n".join(f"  | {line}" for line in lines) or "  | (nothing)"
    return JobFailed(f"{head}\n{quoted}\nEverything is in {log_path}")
