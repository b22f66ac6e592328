"""The programs for the tests of many machines."""

NETWORK = ("--only", "network")


def test_finds_them(set_up, programs):
    programs.write("ip", "")
    programs.write("openssl", "")
    done = set_up(*NETWORK)
    assert done.returncode == 0
    assert done.stdout == "set-up: network    found ip and openssl\n"


def test_installs_what_is_missing(set_up, programs, checkout):
    """Of a machine that has neither, whatever this one has."""
    file = checkout / "setup" / "network.py"
    file.write_text(file.read_text().replace('"/usr/sbin", "/sbin"', ""))
    programs.write("openssl", "")
    link = f"printf '#!/bin/sh\\n' > {programs.folder}/ip; chmod 755 {programs.folder}/ip;"
    programs.write("apt-get", f'echo "$@"; case "$*" in *iproute2) {link} esac')
    programs.write("sudo", '[ "$1" = -n ] && exit 0; while [ "$1" != -- ]; do shift; done; "$@"')
    programs.link("chmod", "true")
    done = set_up(*NETWORK)
    assert done.returncode == 0, done.stdout
    assert "installing iproute2, for the tests of many machines" in done.stdout
    programs.write("apt-get", "")
    (programs.folder / "ip").unlink()
    done = set_up(*NETWORK)
    assert done.returncode == 1
    assert "the packages did not bring ip" in done.stdout
