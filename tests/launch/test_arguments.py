"""Launch arguments, configurations, conditions, groups, includes and substitutions."""

import subprocess

import pytest
from launched import command

SAY = "'import sys; print(*sys.argv[1:], sep=\"|\")'"


def said(launched) -> list[list[str]]:
    """What the processes named `it` printed."""
    assert launched.wait() == 0, launched.text
    return [match[1].split("|") for match in launched.wait_for(r"^\[it-\d+\] (.*)")]


def test_default_given_and_last_of_a_name(launch_file):
    entities = (
        "DeclareLaunchArgument('a', default_value='1'),"
        "DeclareLaunchArgument('b', default_value='2'),"
        f"python({SAY}, LaunchConfiguration('a'), LaunchConfiguration('b'),"
        " LaunchConfiguration('c', default=[4, '5']))"
    )
    assert said(launch_file(entities, "b:=x", "b:=y z")) == [["1", "y z", "45"]]


def test_default_made_of_another_argument(launch_file):
    entities = (
        "DeclareLaunchArgument('run', default_value='r'),"
        "DeclareLaunchArgument('folder', default_value=['runs/', LaunchConfiguration('run')]),"
        f"python({SAY}, LaunchConfiguration('folder'))"
    )
    assert said(launch_file(entities, "run:=mine")) == [["runs/mine"]]


@pytest.mark.parametrize(
    ("declaration", "given", "message"),
    [
        ("'a', choices=['x', 'y']", ["a:=z"], 'Argument "a" provided value "z" is not valid'),
        ("'a', description='An a'", [], "missing required argument 'a'"),
        ("'a', default_value='z', choices=['x']", [], "not in provided choices"),
        ("'a'", ["a=1"], "malformed launch argument 'a=1'"),
        ("'a'", ["a:="], "malformed launch argument 'a:='"),
    ],
)
def test_unusable_arguments_start_nothing(launch_file, declaration, given, message):
    launched = launch_file(f"DeclareLaunchArgument({declaration}), python('print(1)')", *given)
    assert launched.wait() == 1
    assert message in launched.text
    assert "process started" not in launched.text


def test_unset_configuration_is_an_error(launch_file):
    launched = launch_file("python('pass', LaunchConfiguration('nowhere'))")
    assert launched.wait() == 1
    assert "launch configuration 'nowhere' does not exist" in launched.text


def test_conditions(launch_file):
    entities = "DeclareLaunchArgument('a')," + ",".join(
        f"python({SAY}, '{kind}', condition={kind}Condition(LaunchConfiguration('a')))"
        for kind in ("If", "Unless")
    )
    assert said(launch_file(entities, "a:=True")) == [["If"]]
    assert said(launch_file(entities, "a:=0")) == [["Unless"]]
    launched = launch_file(entities, "a:=perhaps")
    assert launched.wait() == 1
    assert "invalid condition expression" in launched.text


def test_group_undoes_what_was_set_in_it(launch_file):
    see = f"python({SAY}, LaunchConfiguration('a', default='-'),"
    see += " EnvironmentVariable('A_B', default_value='-'))"
    set_both = "SetLaunchConfiguration('a', '1'), SetEnvironmentVariable('A_B', '2')"
    assert sorted(said(launch_file(f"GroupAction([{set_both}, {see}]), {see}"))) == [
        ["-", "-"],
        ["1", "2"],
    ]
    open_group = f"GroupAction([{set_both}], scoped=False), {see}"
    assert said(launch_file(open_group)) == [["1", "2"]]


def test_include_sets_its_arguments_for_what_follows(launch_file, tmp_path):
    (tmp_path / "other.launch.py").write_text(
        "from launch import LaunchDescription\n"
        "from launch.actions import DeclareLaunchArgument\n"
        "def generate_launch_description():\n"
        "    return LaunchDescription([DeclareLaunchArgument('a'),"
        " DeclareLaunchArgument('b', default_value='2')])\n"
    )
    include = "IncludeLaunchDescription(PythonLaunchDescriptionSource(PathJoinSubstitution(["
    include += f"'{tmp_path}', 'other.launch.py']))"
    see = f"python({SAY}, LaunchConfiguration('a'), LaunchConfiguration('b'))"
    given = f"{include}, launch_arguments={{'a': ['x', 'y']}}.items()), {see}"
    assert said(launch_file(given)) == [["xy", "2"]]
    launched = launch_file(f"{include}), {see}")
    assert launched.wait() == 1
    assert "missing required argument 'a'" in launched.text


def test_substitutions(launch_file, workspace):
    launched = launch_file(
        f"python({SAY}, PathJoinSubstitution(['a', TextSubstitution(text='b')]),"
        " PythonExpression([\"'x' if \", '3', ' > pi else floor(2.5)']),"
        " EnvironmentVariable('AMENT_PREFIX_PATH'), FindPackageShare('deepracer'),"
        " FindPackagePrefix('deepracer'), ExecutableInPackage('agent', 'deepracer_nodes'))",
        environment=workspace,
    )
    prefix = workspace["AMENT_PREFIX_PATH"]
    share, agent = f"{prefix}/share/deepracer", f"{prefix}/lib/deepracer_nodes/agent"
    assert said(launched) == [["a/b", "2", prefix, share, prefix, agent]]


@pytest.mark.parametrize(
    ("substitution", "message"),
    [
        ("EnvironmentVariable('NOT_SET')", "environment variable 'NOT_SET' does not exist"),
        ("FindPackageShare('nopackage')", "nopackage"),
        ("ExecutableInPackage('no', 'deepracer_nodes')", "executable 'no' not found"),
    ],
)
def test_what_cannot_be_found_is_an_error(launch_file, workspace, substitution, message):
    launched = launch_file(f"python('pass', {substitution})", environment=workspace)
    assert launched.wait() == 1
    assert message in launched.text
    assert "process started" not in launched.text


def test_opaque_function_returns_actions(launch_file):
    entities = (
        "SetLaunchConfiguration('a', '1'), OpaqueFunction(function=lambda context, *more, **named:"
        f" [python({SAY}, context.launch_configurations['a'], *more, named['c'])],"
        " args=['2'], kwargs={'c': '3'})"
    )
    assert said(launch_file(entities)) == [["1", "2", "3"]]


def test_log_info(launch_file):
    launched = launch_file("LogInfo(msg=['a', EnvironmentVariable('X_Y', default_value='b')])")
    assert launched.wait() == 0
    assert "[INFO] [launch.user]: ab\n" in launched.text


def test_show_args(launch_file, tmp_path):
    launched = launch_file(
        "DeclareLaunchArgument('plain'),"
        "DeclareLaunchArgument('described', description='What it is'),"
        "DeclareLaunchArgument('closed', default_value='x', choices=['x', 'y']),"
        "DeclareLaunchArgument('both', description='One or the other.', choices=['x', 'y']),"
        "DeclareLaunchArgument('made', default_value=[LaunchConfiguration('plain'),"
        " EnvironmentVariable('E'), FindPackageShare('p')]),"
        "GroupAction([DeclareLaunchArgument('sometimes', default_value='')],"
        " condition=IfCondition('true')),"
        "DeclareLaunchArgument('plain', default_value='the first one counts')",
        "--show-args",
    )
    assert launched.wait() == 0
    assert (
        launched.text
        == """\
Arguments (pass arguments as '<name>:=<value>'):

    'plain':
        no description given

    'described':
        What it is

    'closed':
        One of: ['x', 'y']
        (default: 'x')

    'both':
        One or the other. Valid choices are: ['x', 'y']

    'made':
        no description given
        (default: LaunchConfig('plain') + EnvVar('E') + FindPackageShare(pkg='p'))

    'sometimes':*
        no description given
        (default: '')

* argument(s) which are only used if specific conditions occur
"""
    )


def test_no_arguments_to_show(launch_file):
    launched = launch_file("", "-s")
    assert launched.wait() == 0
    assert launched.text.endswith("\n  No arguments.\n")


def test_unknown_package_and_file(workspace):
    environment = {**workspace, "PATH": "/usr/bin:/bin"}
    for arguments, message in (
        (["nopackage", "x.launch.py"], "Package 'nopackage' not found"),
        (["deepracer", "x.launch.py"], "file 'x.launch.py' was not found in the share directory"),
    ):
        result = subprocess.run(
            [command("ros2"), "launch", *arguments], env=environment, capture_output=True, text=True
        )
        assert result.returncode == 1
        assert message in result.stderr
