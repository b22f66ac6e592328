#!/bin/sh
# Makes apt-get take its packages from the archives' snapshots of one moment, so that an image which
# is built next year has the packages of today's.
#
# usage: apt_snapshot.sh YYYYMMDDTHHMMSSZ [ROOT]
set -eu

moment=$1
etc=${2:-}/etc
case $moment in
[0-9][0-9][0-9][0-9][0-9][0-9][0-9][0-9]T[0-9][0-9][0-9][0-9][0-9][0-9]Z) ;;
*)
    echo "apt_snapshot.sh: expected a moment like 20261115T000000Z, got $moment" >&2
    exit 2
    ;;
esac

find "$etc/apt/sources.list" "$etc/apt/sources.list.d" -type f \
    \( -name '*.list' -o -name '*.sources' \) 2>/dev/null |
    while read -r sources; do
        # What ROS publishes has no snapshots by the second; the base image's digest fixes most of it.
        sed -i -E \
            -e "s#https?://(deb|security)\.debian\.org/(debian(-security)?)/?( |\$)#http://snapshot.debian.org/archive/\2/$moment/\4#" \
            -e "s#https?://(archive|security)\.ubuntu\.com/ubuntu/?( |\$)#http://snapshot.ubuntu.com/ubuntu/$moment/\2#" \
            "$sources"
    done

# A snapshot does not get newer: its lists count as out of date after some days.
mkdir -p "$etc/apt/apt.conf.d"
echo 'Acquire::Check-Valid-Until "false";' >"$etc/apt/apt.conf.d/90snapshot"
