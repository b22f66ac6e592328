#!/bin/sh
# Health of a container: what runs in it writes down until when it counts as well, and what it does.
# A simulation or a training that hangs lets that moment pass.
#
# usage: health.sh
set -eu

file=${HEARTBEAT_FILE:-/tmp/heartbeat}
if [ ! -r "$file" ]; then
    echo "nothing has begun: there is no $file"
    exit 1
fi
read -r until state <"$file"
now=$(date +%s)
if [ "$now" -gt "$until" ]; then
    echo "last seen $state, and nothing since $((now - until)) s after it should have gone on"
    exit 1
fi
echo "$state"
