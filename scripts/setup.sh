#!/bin/sh
# Makes the virtual environment and installs into it: setup.sh (demo|dev) PYTHON VENV, from the project's root.
# Where packages come from is the user's own pip configuration; versions come from constraints.txt.
set -eu
goal=$1 python=$2 venv=$3

say() { printf '%s\n' "$*"; }
stop() { printf 'setup: %s\n' "$*" >&2; exit 1; }

command -v "$python" >/dev/null 2>&1 || stop "no '$python' here. Name a Python 3.11 or newer: make PYTHON=python3.11"
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    stop "Python 3.11 or newer is needed, '$python' is $("$python" -V 2>&1). Name another: make PYTHON=python3.11"

. scripts/system_packages.sh

if ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    if ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
        # Only Debian's own interpreter gets its venv from apt; any other must bring it.
        install_packages $(missing_packages setup) && "$python" -c 'import venv, ensurepip' ||
            stop "'$python' cannot make a virtual environment. Type: sudo apt-get install -y python3-venv"
    fi
    "$python" -m venv --clear "$venv"
fi

case $goal in
demo)
    extras=clip,shapes,paint
    say "Setting up what the demo needs, in $venv: 58 packages, 380 MB to download, 1.7 GB on disk; one or two minutes."
    ;;
dev)
    extras=dev
    say "Setting up everything, in $venv: 186 packages, 600 MB to download, 2.6 GB on disk; three to five minutes."
    wanted=$(missing_packages test)
    if [ -n "$wanted" ] && ! install_packages $wanted; then
        say "Some tests need system packages. Type: sudo apt-get install -y $wanted"
    fi
    ;;
*) stop "demo or dev, not '$goal'" ;;
esac
say "190 MB of it is torch for the CPU. Where pip's configuration offers no such build, pip takes the CUDA build of torch"
say "with its libraries: about 3 GB more."

"$venv/bin/python" -m pip install --quiet --no-input --disable-pip-version-check -c constraints.txt -e ".[$extras]"

touch "$venv/.ready-$goal"
[ "$goal" = demo ] || touch "$venv/.ready-demo"
