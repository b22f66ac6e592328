#!/bin/sh
# Health of a container with a trainer: the program that watches its parts touches a file as long as
# all of them run.
#
# usage: heartbeat.sh [SECONDS]
set -eu

file=${HEARTBEAT_FILE:-/tmp/heartbeat}
oldest=${1:-30}
if [ ! -e "$file" ]; then
    echo "the training has not begun: there is no $file"
    exit 1
fi
age=$(($(date +%s) - $(stat -c %Y "$file")))
echo "the parts of the job were last seen well $age s ago"
[ "$age" -le "$oldest" ]
