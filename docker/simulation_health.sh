#!/bin/sh
# Health of a container with a simulation: the simulation writes down until when it counts as well,
# and what it does. One that hangs lets that moment pass.
#
# usage: simulation_health.sh
set -eu

file=${HEARTBEAT_FILE:-/tmp/heartbeat}
if [ ! -r "$file" ]; then
    echo "the simulation has not begun: there is no $file"
    exit 1
fi
read -r until state <"$file"
now=$(date +%s)
if [ "$now" -gt "$until" ]; then
    echo "last seen $state, and nothing since $((now - until)) s after it should have gone on"
    exit 1
fi
echo "$state"
