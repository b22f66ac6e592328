#!/bin/bash
# The container of a whole job: Redis, the trainer and its simulations, as one SageMaker training job.
#
# usage: job.sh [train]
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# ROS 2's own scripts use variables that are not set.
set +u
# shellcheck source=/dev/null
. "$here/../setup/environment.sh"
set -u
exec "$here/as_user.sh" "${CONTAINER_USER:-deepracer}" sagemaker_job "$@"
