#!/bin/sh
# Installs packages of this repository into a virtual environment, without what they depend on.
#
# usage: install_packages.sh REPOSITORY TARGET PACKAGE ...
set -eu

repository=$1
target=$2
shift 2
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-315532800}
export SOURCE_DATE_EPOCH

# Building leaves files beside the sources: a copy is built.
copies=$(mktemp -d)
trap 'rm -rf "$copies"' EXIT
for package in "$@"; do cp -R "$repository/src/$package" "$copies/$package"; done
pip() {
    "$target/bin/python" -m pip --no-input --disable-pip-version-check "$@"
}
# By way of wheels, whose names are all that an installation notes down: no path of the copies.
pip wheel --no-deps --no-index --no-build-isolation --wheel-dir "$copies/wheels" "$copies"/*/
pip install --force-reinstall --no-deps --no-index --find-links "$copies/wheels" "$@"
