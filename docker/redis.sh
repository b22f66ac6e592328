#!/bin/sh
# A container of the image trainer that is Redis and nothing else: docs/deployment.md.
#
# usage: redis.sh [FOLDER]
set -eu

here=$(cd "$(dirname "$0")" && pwd)
user=${CONTAINER_USER:-deepracer}
folder=${1:-/var/lib/deepracer-redis}
# A volume can be root's when it is new.
if [ "$(id -u)" -eq 0 ]; then
    mkdir -p "$folder"
    chown "$user" "$folder"
fi
exec "$here/as_user.sh" "$user" \
    "${TRAINER_PYTHON:-/opt/deepracer/python/bin/python}" \
    -m deepracer_trainer.sagemaker.redis_container "$folder"
