# Sourced, not run: `. setup/environment.sh` activates the workspace in bash or zsh. Then
# `ros2 launch deepracer sim.launch.py`, `deepracer` and `colcon build` work as documented.
# Set-up (`python3 -m setup`, or `make setup`) must have run before.

if [ -n "${BASH_VERSION:-}" ]; then
    deepracer_repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
    deepracer_shell=bash
else
    deepracer_repository=$(cd "$(dirname "$0")/.." && pwd)
    deepracer_shell=zsh
fi

if [ ! -f "$deepracer_repository/install/local_setup.$deepracer_shell" ]; then
    echo "the workspace is not set up yet: run  make setup  in $deepracer_repository" >&2
    unset deepracer_repository deepracer_shell
    return 1
fi

# What set-up found: the installed ROS 2, the root file system of Gazebo.
. "$deepracer_repository/.setup/environment.sh"

# In place of .venv/bin/activate, which would change the prompt: the environment may be nested.
export VIRTUAL_ENV="$deepracer_repository/.venv"
case ":$PATH:" in
*":$deepracer_repository/install/deepracer/lib/deepracer:$VIRTUAL_ENV/bin:"*) ;;
*) PATH="$deepracer_repository/install/deepracer/lib/deepracer:$VIRTUAL_ENV/bin:$PATH" ;;
esac
export PATH

# The ROS packages from PyPI are a prefix of their own, like /opt/ros/<distribution>.
case ":${AMENT_PREFIX_PATH:-}:" in
*":$VIRTUAL_ENV:"*) ;;
*) export AMENT_PREFIX_PATH="$VIRTUAL_ENV${AMENT_PREFIX_PATH:+:$AMENT_PREFIX_PATH}" ;;
esac
. "$deepracer_repository/install/local_setup.$deepracer_shell"
unset deepracer_repository deepracer_shell
