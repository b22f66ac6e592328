"""Machines on one machine: network namespaces with addresses of their own, and a switch between."""

import itertools
import os
import shutil
import subprocess
from pathlib import Path

_numbers = itertools.count()
_NAMES = Path("/etc/netns")
"""Where `ip netns exec` takes files from that stand for those of /etc: ip-netns(8)."""


def why_not() -> str:
    """Why there can be no network namespaces here; empty when there can."""
    if os.geteuid() != 0:
        return "only root may make network namespaces"
    if shutil.which("ip") is None:
        return "there is no program ip: run `python3 -m setup --only network`"
    network = Network()
    try:
        network.machine("one")
    except subprocess.CalledProcessError as error:
        return f"this kernel makes no namespaces, bridges or pairs of interfaces: {error.stderr}"
    finally:
        network.close()
    return ""


class Machine:
    """A network namespace that is plugged into a switch.

    Args:
        name: by which the others reach it.
        namespace: its name for ip-netns(8).
        address: IPv4, within the switch's network.
        switch: namespace of the switch.
        port: name of the switch's end of the cable.
    """

    def __init__(self, name: str, namespace: str, address: str, switch: str, port: str) -> None:
        self.name = name
        self.namespace = namespace
        self.address = address
        self._switch = switch
        self._port = port

    def command(self, *words: object) -> list[str]:
        """The command that runs a command on it."""
        return ["ip", "netns", "exec", self.namespace, *map(str, words)]

    def unplug(self) -> None:
        """Take its cable out."""
        _ip("-n", self._switch, "link", "set", self._port, "down")

    def plug_in(self) -> None:
        """Put its cable back."""
        _ip("-n", self._switch, "link", "set", self._port, "up")


class Network:
    """A switch, and machines that are plugged into it; nothing leads out of it."""

    def __init__(self) -> None:
        self._prefix = f"deepracer-{os.getpid()}-{next(_numbers)}"
        self._switch = f"{self._prefix}-switch"
        self._machines: list[Machine] = []
        self._namespaces: list[str] = []

    def machine(self, name: str) -> Machine:
        """A new machine; those that are there learn its name at once."""
        if not self._machines:
            self._add(self._switch)
            _ip("-n", self._switch, "link", "add", "switch", "type", "bridge")
            _ip("-n", self._switch, "link", "set", "switch", "up")
        number = len(self._machines) + 1
        namespace, port = f"{self._prefix}-{name}", f"port{number}"
        machine = Machine(name, namespace, f"10.77.0.{number}", self._switch, port)
        self._add(namespace)
        self._machines.append(machine)
        cable = ("link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", namespace)
        _ip("-n", self._switch, *cable)
        _ip("-n", self._switch, "link", "set", port, "master", "switch", "up")
        _ip("-n", namespace, "address", "add", f"{machine.address}/24", "dev", "eth0")
        for device in ("lo", "eth0"):
            _ip("-n", namespace, "link", "set", device, "up")
        self._tell_names()
        return machine

    def close(self) -> None:
        """Take all of it away. Processes that still run there lose their network."""
        while self._namespaces:
            namespace = self._namespaces.pop()
            _ip("netns", "delete", namespace)
            shutil.rmtree(_NAMES / namespace, ignore_errors=True)

    def _add(self, namespace: str) -> None:
        _ip("netns", "add", namespace)
        self._namespaces.append(namespace)

    def _tell_names(self) -> None:
        lines = [f"{machine.address} {machine.name}\n" for machine in self._machines]
        for machine in self._machines:
            folder = _NAMES / machine.namespace
            folder.mkdir(parents=True, exist_ok=True)
            # Written in place: a process that runs there has this very file for /etc/hosts.
            (folder / "hosts").write_text("127.0.0.1 localhost\n" + "".join(lines))


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], stderr=subprocess.PIPE, text=True, check=True)
