"""`deepracer smoke` on real parts."""

import subprocess
import sys


def test_every_part_is_alive(tmp_path):
    program = "from deepracer.command_line import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program, "smoke"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    parts = dict(line.split(maxsplit=2)[1::-1] for line in done.stdout.splitlines()[1:-1])
    assert done.returncode == 0, done.stdout + done.stderr
    assert set(parts.values()) == {"ok"}
    assert {"Gazebo", "observation", "agent", "rollout", "Redis", "trainer"} <= set(parts)
