#!/bin/sh
# Runs a command as the user of the image. SageMaker mounts its folders for root and starts the
# container as root; they are handed to the user first, and no process of ours is root after that.
# Where the container was started as another user, as Kubernetes and Compose can do, that one stays.
#
# usage: as_user.sh USER COMMAND ...
set -eu

user=$1
shift
if [ "$(id -u)" -eq 0 ]; then
    root=${SAGEMAKER_BASE_DIR:-/opt/ml}
    for folder in model output checkpoints; do
        mkdir -p "$root/$folder"
        chown -R "$user" "$root/$folder"
    done
    home=$(getent passwd "$user" | cut -d: -f6)
    exec setpriv --reuid "$user" --regid "$(id -g "$user")" --init-groups -- env "HOME=$home" "$@"
fi
# Kubernetes can give the container a user that has no home.
if [ ! -w "${HOME:-/}" ]; then
    HOME=$(mktemp -d)
    export HOME
fi
exec "$@"
