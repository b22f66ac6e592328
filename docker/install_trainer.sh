#!/bin/sh
# Installs what the trainer imports from PyPI: two sections of requirements.txt, and of those just
# the versions in constraints.txt.
#
# usage: install_trainer.sh REPOSITORY TARGET [EXTRA]
#
# TARGET becomes a virtual environment. EXTRA is an extra of TensorFlow's: and-cuda brings the
# libraries for a GPU.
set -eu

repository=$1
target=$2
extra=${3:-}
# The same sources give the same bytes: compiled files are checked by hashes, not by dates.
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-315532800}
export SOURCE_DATE_EPOCH

python3 -m venv "$target"
wanted=$target/requirements.txt
(cd "$repository" && python3 -m setup.requirements core trainer) >"$wanted"
if [ -n "$extra" ]; then sed -i "s/^tensorflow/tensorflow[$extra]/" "$wanted"; fi
# With the last two the packages of this repository are built.
"$target/bin/python" -m pip install --no-input --disable-pip-version-check \
    --constraint "$repository/constraints.txt" --requirement "$wanted" setuptools wheel
