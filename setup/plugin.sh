#!/bin/sh
# Builds a cmake package of this repository inside a root file system. Runs in mounts of its own.
#
# usage: plugin.sh ROOT REPOSITORY PACKAGE
set -eu

root=$1
repository=$2
package=$3

mkdir -p "$repository/build/$package" "$repository/install/$package"
mount --rbind /dev "$root/dev"
mount --rbind /proc "$root/proc"
mount --bind "$repository" "$root/mnt"

exec chroot "$root" /usr/bin/env -i PATH=/usr/bin:/bin HOME=/tmp LC_ALL=C.UTF-8 sh -eu -c '
    build=/mnt/build/$1
    rm -rf "$build"
    cmake -S "/mnt/src/$1" -B "$build" -DCMAKE_BUILD_TYPE=Release \
        -DCMAKE_INSTALL_PREFIX="/mnt/install/$1"
    cmake --build "$build" --parallel "$(nproc)"
    cmake --install "$build"
' sh "$package"
