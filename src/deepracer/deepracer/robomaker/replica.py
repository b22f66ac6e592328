"""Which replica of a Compose service this is, by the names that Docker's DNS knows.

Compose tells the containers of a scaled service no number. But it names them PROJECT-SERVICE-1,
PROJECT-SERVICE-2 and so on, and each of them can look up the addresses of all.
"""

import socket

from deepracer_core.errors import ConfigurationError


def replica_index(name: str, replicas: int) -> int:
    """Index of this container among its service's, from 0.

    Args:
        name: of the containers, without the hyphen and the number.
        replicas: how many there are.

    Raises:
        ConfigurationError: none of them has an address of this machine.
    """
    found = []
    for number in range(1, replicas + 1):
        address = _address(f"{name}-{number}")
        if address is not None:
            if _is_own(address):
                return number - 1
            found.append(f"{name}-{number} is {address}")
    known = ", ".join(found) or "no such name is known"
    raise ConfigurationError(
        f"expected one of {name}-1 to {name}-{replicas} to be this container, got: {known}. Give "
        "the name of the containers as `docker compose ps` shows it, without the number, and set "
        "NUM_WORKERS to the number of replicas"
    )


def _address(name: str) -> str | None:
    try:
        return socket.gethostbyname(name)
    except socket.gaierror:
        return None


def _is_own(address: str) -> bool:
    # Only an address of this machine can be bound.
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True
