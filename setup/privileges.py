"""Being root where it is needed, and only there."""

import os
import shutil
import subprocess
import sys

from .commands import succeeds
from .report import Exit, SetupError


def as_root(command: list[str], purpose: str) -> list[str]:
    """The command as root runs it: unchanged for root, with sudo for others.

    Args:
        command: program and arguments.
        purpose: what root is needed for, completing "root is needed to ...".

    Raises:
        SetupError: this is not root and sudo is missing or refuses.
    """
    if os.geteuid() == 0:
        return command
    if shutil.which("sudo") is None:
        raise SetupError(
            Exit.NO_ROOT,
            f"root is needed to {purpose}, this is user {os.geteuid()} and there is no sudo: "
            "run this once as root, or install sudo",
        )
    if not _may_sudo():
        raise SetupError(
            Exit.NO_ROOT,
            f"root is needed to {purpose} and sudo refuses user {os.geteuid()} "
            "(or has nobody to ask for a password): run this once as root, or in a terminal",
        )
    kept = "http_proxy,https_proxy,ftp_proxy,no_proxy,LC_ALL,DEBIAN_FRONTEND"
    return ["sudo", f"--preserve-env={kept}", "--", *command]


def _may_sudo() -> bool:
    if succeeds(["sudo", "-n", "true"]):
        return True
    if not sys.stdin.isatty():
        return False
    return subprocess.run(["sudo", "--validate"], check=False).returncode == 0


def in_own_mounts(command: list[str]) -> list[str]:
    """The command with mounts of its own, which vanish with it; needs no root where users may.

    Without root a user namespace is used, in which the user is root over their own files.
    """
    own = ["unshare", "--mount", "--propagation", "private"]
    if os.geteuid() != 0:
        own[1:1] = ["--user", "--map-root-user"]
    return [*own, "--", *command]


def may_have_own_mounts() -> bool:
    """Whether this process may make mounts of its own (containers often may not)."""
    return succeeds(in_own_mounts(["mount", "-t", "tmpfs", "none", "/mnt"]))


def require_own_mounts(purpose: str) -> None:
    """Check that this process may make mounts of its own.

    Args:
        purpose: what they are needed for, completing "to ...".

    Raises:
        SetupError: it may not; root is kept from it in some containers, others by some kernels.
    """
    if may_have_own_mounts():
        return
    if os.geteuid() == 0:
        raise SetupError(
            Exit.UNSUITABLE,
            f"this container may not mount anything, which is needed to {purpose}: start it with "
            "--privileged, or use an image of Ubuntu 22.04, which has Gazebo 11 of its own",
        )
    raise SetupError(
        Exit.UNSUITABLE,
        f"user {os.geteuid()} may not have a user namespace, which is needed to {purpose}: run "
        "this as root, or allow it (sysctl kernel.apparmor_restrict_unprivileged_userns=0, "
        "kernel.unprivileged_userns_clone=1)",
    )
