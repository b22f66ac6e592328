#!/bin/sh
# Makes a root file system of Debian 11 with Gazebo 11, a virtual screen and a compiler inside.
# Runs as root, in mount and process namespaces of its own: its mounts vanish with it.
#
# usage: root_file_system.sh TARGET RECIPE [MIRROR]
#
# It is built beside its place and renamed when complete. RECIPE is noted inside.
set -eu

target=$1
recipe=$2
mirror=${3:-}
building=$target.building

# Another set-up may have made it while this one waited for the lock.
if [ "$(cat "$target/opt/deepracer/recipe" 2>/dev/null || echo 0)" -ge "$recipe" ]; then
    exit 0
fi

rm -rf --one-file-system -- "$building"
mkdir -p -- "$building"

keyring=/usr/share/keyrings/debian-archive-keyring.gpg
set --
case $mirror in https:*) set -- --include=ca-certificates ;; esac
if [ -f "$keyring" ]; then set -- "$@" --keyring="$keyring"; fi
# shellcheck disable=SC2086  # without a mirror debootstrap takes its own
debootstrap --variant=minbase "$@" bullseye "$building" $mirror

# The certificates, the proxy and the name servers of this machine, for apt-get inside.
if [ -f /etc/ssl/certs/ca-certificates.crt ] && [ -d "$building/etc/ssl/certs" ]; then
    cp /etc/ssl/certs/ca-certificates.crt "$building/etc/ssl/certs/"
fi
apt-config dump 2>/dev/null | grep -i '^Acquire::[a-z]*::Proxy ' \
    >"$building/etc/apt/apt.conf.d/90proxy" || true
cp -L /etc/resolv.conf "$building/etc/resolv.conf" 2>/dev/null || true
echo '127.0.0.1 localhost' >"$building/etc/hosts"

# No service starts in here, nobody reads manuals in here, and a power cut means building it anew.
printf '#!/bin/sh\nexit 101\n' >"$building/usr/sbin/policy-rc.d"
chmod +x "$building/usr/sbin/policy-rc.d"
cat >"$building/etc/dpkg/dpkg.cfg.d/small" <<'SMALL'
force-unsafe-io
path-exclude=/usr/share/doc/*
path-exclude=/usr/share/info/*
path-exclude=/usr/share/locale/*
path-exclude=/usr/share/man/*
SMALL

mount -t proc proc "$building/proc"
mount --rbind /dev "$building/dev"

inside() {
    chroot "$building" /usr/bin/env DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 \
        PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"
}
inside apt-get update
inside apt-get install --yes --no-install-recommends \
    gazebo gazebo-plugin-base libgl1-mesa-dri xauth xvfb \
    cmake g++ libgazebo-dev make pkg-config
inside apt-get clean
rm -rf -- "$building"/var/lib/apt/lists/* "$building"/etc/apt/apt.conf.d/90proxy

# /host: where the repository and a run's folder are shown inside.
mkdir -p -- "$building/host" "$building/opt/deepracer"
umount -R "$building/dev" "$building/proc"
echo "$recipe" >"$building/opt/deepracer/recipe"

if [ -e "$target" ]; then mv -- "$target" "$target.old"; fi
mv -- "$building" "$target"
rm -rf --one-file-system -- "$target.old"
