"""A launch that ended as it should not."""

from deepracer.launch_log import first_end, last_lines
from deepracer.launched import LaunchedProcess


class JobFailed(RuntimeError):
    """Something that was started died; the message says what, its last words, and where to look."""


def launch_failure(what: str, launched: LaunchedProcess) -> JobFailed:
    """Say which process of a launch died first.

    Args:
        what: that was launched, as the person knows it, and that it ended.
        launched: the launch.
    """
    end = first_end(launched.log_path, start=launched.log_start)
    if end is None:
        head = f"{what} with exit code {launched.exit_code}; the last lines of its log:"
        lines = last_lines(launched.log_path, start=launched.log_start)
    else:
        head = f"{what} because {cause(launched)}; its last lines:"
        lines = end.lines
    quoted = "\n".join(f"  | {line}" for line in lines) or "  | (nothing)"
    where = f"\nEverything is in {launched.log_path}" if launched.is_log_whole else ""
    return JobFailed(f"{head}\n{quoted}{where}")


def cause(launched: LaunchedProcess) -> str:
    """Why a launch ended, in a few words: `agent died with exit code -9`."""
    end = first_end(launched.log_path, start=launched.log_start)
    if end is None:
        return f"its launch ended with exit code {launched.exit_code}"
    return (
        f"{end.name} died with exit code {end.exit_code}" if end.exit_code else f"{end.name} ended"
    )
