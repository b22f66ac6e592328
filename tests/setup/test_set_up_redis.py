"""redis-server without a system service."""

REDIS = ("--only", "redis")
VERSION = 'echo "Redis server v=7.0.15 sha=00000000:0"'


def test_finds_it(set_up, programs):
    programs.write("redis-server", VERSION)
    done = set_up(*REDIS)
    assert done.returncode == 0
    assert done.stdout == f"set-up: redis      found 7.0.15 in {programs.folder}/redis-server\n"


def test_takes_the_program_that_comes_without_a_service(set_up, programs, checkout):
    programs.write("redis-check-rdb", VERSION)
    done = set_up(*REDIS)
    assert done.returncode == 0, done.stdout
    link = checkout / ".venv/bin/redis-server"
    assert link.resolve() == (programs.folder / "redis-check-rdb").resolve()
    assert "found 7.0.15" in set_up(*REDIS).stdout


def test_neither_redis_nor_apt_get(set_up):
    done = set_up(*REDIS)
    assert done.returncode == 6
    assert "no apt-get to install redis-server" in done.stdout
