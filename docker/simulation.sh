#!/bin/bash
# The container of one simulation, a RoboMaker simulation application: docs/robomaker.md.
#
# usage: simulation.sh [COMMAND ...]
#
# Without a command, and for the one by which RoboMaker starts an application, it runs the
# simulation that the environment asks for; another command runs in the same workspace.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

# Kubernetes can give the container a user that has no home; ROS 2 and Gazebo write logs there.
if [ ! -w "${HOME:-/}" ]; then
    HOME=$(mktemp -d)
    export HOME
fi

# ROS 2's own scripts use variables that are not set.
set +u
# shellcheck source=/dev/null
. "$here/../setup/environment.sh"
set -u

case "$*" in
"" | "ros2 launch deepracer sim.launch.py") exec deepracer robomaker ;;
*) exec "$@" ;;
esac
