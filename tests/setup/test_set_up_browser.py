"""Chromium for the tests of what a browser shows."""

BROWSER = ("--only", "browser")


def test_finds_it(set_up, programs):
    programs.write("chromium", "echo Chromium 150.0.7871.100 built on Debian")
    programs.write("chromedriver", "")
    done = set_up(*BROWSER)
    assert done.returncode == 0
    assert done.stdout == "set-up: browser    found Chromium 150.0.7871.100\n"


def test_installs_it_where_there_is_a_package(set_up, programs):
    programs.write("apt-cache", "echo '  Candidate: 150.0'")
    link = "for name in chromium chromedriver; do"
    link += f" printf '#!/bin/sh\\necho Chromium 150.0.1\\n' > {programs.folder}/$name;"
    link += f" chmod 755 {programs.folder}/$name; done"
    programs.write("apt-get", link)
    programs.write("sudo", '[ "$1" = -n ] && exit 0; while [ "$1" != -- ]; do shift; done; "$@"')
    programs.link("chmod", "true")
    done = set_up(*BROWSER)
    assert done.returncode == 0, done.stdout
    assert "installing Chromium" in done.stdout
    assert "installed Chromium 150.0.1" in done.stdout


def test_leaves_it_out_where_there_is_none(set_up, programs):
    for script in ("", "echo '  Candidate: (none)'"):
        programs.write("apt-cache", script)
        done = set_up(*BROWSER)
        assert done.returncode == 0, done.stdout
        assert "there is no package of Chromium here" in done.stdout
