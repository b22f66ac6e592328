"""`launch_test` and the pytest plugin, on small launches."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from launched import command

HEAD = """
import os, signal, sys, time, unittest
import launch, launch.actions
import launch_testing, launch_testing.actions, launch_testing.asserts, launch_testing.markers
import pytest

def python(code, **options):
    return launch.actions.ExecuteProcess(cmd=[sys.executable, "-uc", code], **options)

WAIT = "import signal, sys; print('ready'); print('error', file=sys.stderr); signal.pause()"
"""
GOOD = """
@pytest.mark.launch_test
def generate_test_description():
    it = python(WAIT, name="it")
    ends = python("raise SystemExit(3)", name="ends")
    ready = launch_testing.actions.ReadyToTest()
    return launch.LaunchDescription([it, ends, ready]), {"it": it, "ends": ends}

class TestBeside(unittest.TestCase):
    @classmethod
    def setUpClass(cls, proc_info):
        proc_info.assertWaitForStartup("it")

    def setUp(self, it):
        self.it = it

    def test_output(self, proc_output, it, test_args):
        assert test_args == {"a": "1"}
        proc_output.assertWaitFor("ready", process=it, stream="stdout", timeout=20)
        assert proc_output.waitFor("error", process="it", timeout=20)
        assert not proc_output.waitFor("nothing", process=self.it, timeout=0.1)

    def test_end(self, proc_info, ends):
        proc_info.assertWaitForShutdown(ends, timeout=20)
        assert proc_info["ends"].returncode == 3
        assert set(proc_info.process_names()) == {it.process_name for it in proc_info}

    def test_launch_is_there(self, launch_service):
        assert launch_service.context.launch_configurations["a"] == "1"

@launch_testing.post_shutdown_test()
class TestAfter(unittest.TestCase):
    def test_codes(self, proc_info, it, ends):
        launch_testing.asserts.assertExitCodes(proc_info, [3], process=ends)
        launch_testing.asserts.assertExitCodes(proc_info, [-2, 3])
        with self.assertRaises(AssertionError):
            launch_testing.asserts.assertExitCodes(proc_info, process=it)

    def test_output(self, proc_output, it):
        launch_testing.asserts.assertInStdout(proc_output, "ready", it)
        launch_testing.asserts.assertInStderr(proc_output, "error", it)
        with self.assertRaises(AssertionError):
            launch_testing.asserts.assertInStdout(proc_output, "error", it)
"""
PARAMETRIZED = """
@pytest.mark.launch_test
@launch_testing.parametrize("code", [0, 3])
@launch_testing.markers.keep_alive
def generate_test_description(code):
    it = python(f"raise SystemExit({code})", name="it")
    return launch.LaunchDescription([it, launch_testing.actions.ReadyToTest()])

class TestBeside(unittest.TestCase):
    def test_code(self, proc_info, code):
        proc_info.assertWaitForShutdown("it")
        assert proc_info["it"].returncode == code
"""
FAILING = """
@pytest.mark.launch_test
def generate_test_description():
    return launch.LaunchDescription([python(WAIT), launch_testing.actions.ReadyToTest()])

class TestBeside(unittest.TestCase):
    def test_beside(self):
        assert %s

@launch_testing.post_shutdown_test()
class TestAfter(unittest.TestCase):
    def test_after(self):
        assert %s
"""
EARLY = """
@pytest.mark.launch_test
def generate_test_description():
    it = python("print('last words'); raise SystemExit(5)", name="it")
    return launch.LaunchDescription([it, launch_testing.actions.ReadyToTest()])

class TestBeside(unittest.TestCase):
    def test_beside(self, proc_info):
        proc_info.assertWaitForShutdown("nobody", timeout=8)
"""


@pytest.fixture
def run(tmp_path):
    """Runs a test file with `launch_test` and with pytest; returns the exit codes and the texts."""

    def run(text: str, *arguments: str) -> tuple[list[int], list[str]]:
        file = tmp_path / "test_it.py"
        file.write_text(HEAD + text)
        environment = {**os.environ, "ROS_LOG_DIR": str(tmp_path / "log")}
        options = ["--launch-args", *arguments] if arguments else []
        plain = ["-p", "no:cacheprovider", "-c", os.devnull, "--rootdir", str(tmp_path)]
        results = [
            subprocess.run(
                call,
                cwd=tmp_path,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=60,
            )
            for call in (
                [command("launch_test"), file, *arguments],
                [sys.executable, "-m", "pytest", *plain, file, *options],
            )
        ]
        return [result.returncode for result in results], [result.stdout for result in results]

    return run


def test_passing(run):
    codes, texts = run(GOOD, "a:=1")
    assert codes == [0, 0], "\n".join(texts)
    assert "Ran 3 tests" in texts[0]
    assert "Ran 2 tests" in texts[0]
    assert "1 passed" in texts[1]


def test_parametrized_and_kept_alive(run):
    codes, texts = run(PARAMETRIZED)
    assert codes == [0, 0], "\n".join(texts)
    assert "test_code[0]" in texts[0]
    assert "test_code[3]" in texts[0]


@pytest.mark.parametrize(("beside", "after"), [(False, True), (True, False)])
def test_failing(run, beside, after):
    codes, texts = run(FAILING % (beside, after))
    assert codes == [1, 1]
    assert "1 failed" in texts[1]
    assert ("test_beside" if not beside else "test_after") in texts[1]


def test_processes_that_end_before_the_tests(run):
    codes, texts = run(EARLY)
    assert codes == [1, 1]
    assert "Processes under test stopped before tests completed" in texts[0]
    assert "last words" in texts[0]


def test_arguments_are_shown(tmp_path):
    file = tmp_path / "test_it.py"
    declare = "launch.actions.DeclareLaunchArgument('a', default_value='1', description='An a'),"
    file.write_text(HEAD + GOOD.replace("[it, ", f"[{declare} it, ", 1))
    result = subprocess.run(
        [command("launch_test"), file, "--show-args"], capture_output=True, text=True, check=True
    )
    assert "    'a':\n        An a\n        (default: '1')\n" in result.stdout


def test_other_test_files_are_left_alone(tmp_path):
    (tmp_path / "test_plain.py").write_text("def test_plain():\n    assert True\n")
    (tmp_path / "test_named.py").write_text(
        '"""Says launch_test, generate_test_description."""\ndef test_named():\n    assert True\n'
    )
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-c", os.devnull, "--rootdir", ".", "-v", "."],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "2 passed" in result.stdout


def test_test_files_have_names_of_their_own():
    # The real plugin imports them by these names alone, and refuses two of the same.
    files = sorted(Path(__file__).resolve().parents[1].rglob("test_*.py"))
    names = [file.name for file in files]
    assert [str(file) for file in files if names.count(file.name) > 1] == []
