"""How a Node action turns its arguments into those of the executable."""

import json

import pytest

PARAMETERS = """{
    'text': 'x', 'number_as_text': '12', 'truth_as_text': 'true', 'empty': '', 'truth': True,
    'whole': 3, 'real': 0.5, 'wholes': [1, 2],
    'read_whole': LaunchConfiguration('a'), 'read_real': ['0.', LaunchConfiguration('a')],
    'read_truth': TextSubstitution(text='false'), 'read_text': TextSubstitution(text='a b'),
    'kept_text': ParameterValue(LaunchConfiguration('a'), value_type=str),
    'made_whole': ParameterValue(LaunchConfiguration('a'), value_type=int),
    'made_real': ParameterValue([LaunchConfiguration('a')], value_type=float),
    'made_truth': ParameterValue(TextSubstitution(text='true'), value_type=bool),
    'kept_empty': ParameterValue(TextSubstitution(text=''), value_type=str),
}"""
EXPECTED = {
    "text": "x",
    "number_as_text": "12",
    "truth_as_text": "true",
    "empty": "",
    "truth": True,
    "whole": 3,
    "real": 0.5,
    "wholes": [1, 2],
    "read_whole": 5,
    "read_real": 0.5,
    "read_truth": False,
    "read_text": "a b",
    "kept_text": "5",
    "made_whole": 5,
    "made_real": 5.0,
    "made_truth": True,
    "kept_empty": "",
}


def node(arguments: str) -> str:
    arguments = f"package='deepracer_nodes', executable='agent', output='screen', {arguments}"
    return f"DeclareLaunchArgument('a', default_value='5'), Node({arguments})"


def test_parameters_have_the_types_that_they_should_have(launch_file, workspace):
    launched = launch_file(node(f"parameters=[{PARAMETERS}]"), environment=workspace)
    (file,) = launched.told("agent")["parameters"]
    assert list(file) == ["/**"]
    values = file["/**"]["ros__parameters"]
    values["wholes"] = list(values["wholes"])
    assert values == EXPECTED
    assert {name: type(value) for name, value in values.items()} == {
        name: type(value) for name, value in EXPECTED.items()
    }


def test_rclpy_reads_the_parameters_as_they_were_meant(launch_file, workspace, tmp_path):
    reader = tmp_path / "lib/reader/reader"
    reader.parent.mkdir(parents=True)
    index = tmp_path / "share/ament_index/resource_index/packages"
    index.mkdir(parents=True)
    (index / "reader").touch()
    reader.write_text(
        "#!/usr/bin/env python3\n"
        "import json, rclpy\nfrom rclpy.node import Node\n"
        "rclpy.init()\n"
        "node = Node('other', automatically_declare_parameters_from_overrides=True)\n"
        "values = {name: each.value for name, each in node.get_parameters_by_prefix('').items()}\n"
        "print('told', json.dumps([node.get_fully_qualified_name(), values], default=list))\n"
        "node.destroy_node()\nrclpy.shutdown()\n"
    )
    reader.chmod(0o755)
    launched = launch_file(
        "DeclareLaunchArgument('a', default_value='5'), Node(package='reader', executable='reader',"
        f" name='given', namespace='some', output='screen', parameters=[{PARAMETERS}],"
        " prefix=[sys.executable])",
        environment={"AMENT_PREFIX_PATH": str(tmp_path)},
    )
    name, values = json.loads(launched.wait_for(r"^\[\w+-\d+\] told (.*)")[0][1])
    assert name == "/some/given"
    assert {name: values[name] for name in EXPECTED} == EXPECTED


def test_command_line(launch_file, workspace, tmp_path):
    (tmp_path / "more.yaml").write_text("/**:\n  ros__parameters:\n    b: 1\n")
    launched = launch_file(
        node(
            "name='driver', namespace=['w', LaunchConfiguration('a')], exec_name='agent',"
            " arguments=['--x', LaunchConfiguration('a')],"
            f" parameters=['{tmp_path}/more.yaml', {{'c': 2}}],"
            " remappings=[('drive', ['d', 'e']), ('odom', '/o')]"
        ),
        environment=workspace,
    )
    (started,) = launched.wait_for(r"^\[INFO\] \[(agent-\d+)\]: process started")
    assert started[1] == "agent-1"
    heard = launched.told("agent")
    files = [item for item in heard["arguments"] if item.startswith("/tmp/launch_params_")]
    assert heard["arguments"] == [
        *("--x", "5", "--ros-args", "-r", "__node:=driver", "-r", "__ns:=/w5"),
        *("--params-file", f"{tmp_path}/more.yaml", "--params-file", *files),
        *("-r", "drive:=de", "-r", "odom:=/o"),
    ]
    assert heard["parameters"] == [
        {"/**": {"ros__parameters": {"b": 1}}},
        {"/w5/driver": {"ros__parameters": {"c": 2}}},
    ]


@pytest.mark.parametrize(
    "value",
    [
        "ParameterValue(TextSubstitution(text='x'), value_type=int)",
        "ParameterValue(TextSubstitution(text='x'), value_type=bool)",
        "TextSubstitution(text='{1: 2}')",
        "TextSubstitution(text='[1, a]')",
    ],
)
def test_value_of_another_type_starts_nothing(launch_file, workspace, value):
    launched = launch_file(node(f"parameters=[{{'p': {value}}}]"), environment=workspace)
    assert launched.wait() == 1
    assert "Caught exception in launch" in launched.text
    assert "process started" not in launched.text
