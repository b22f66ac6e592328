#!/bin/sh
# The trainer's container: a SageMaker training container, or a trainer by itself.
#
# usage: trainer.sh [train]
set -eu

here=$(cd "$(dirname "$0")" && pwd)
exec "$here/as_user.sh" "${CONTAINER_USER:-deepracer}" \
    "${TRAINER_PYTHON:-/opt/deepracer/python/bin/python}" -m deepracer_trainer.sagemaker.train "$@"
