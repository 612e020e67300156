#!/bin/sh
# Makes .venv-blender, an interpreter of its own with Blender's module: setup_blender.sh (must|may) PYTHON, from the
# project's root. With `may` a machine on which it cannot be had is told so and goes on; with `must` it is a failure.
# Blender's module exists for Python 3.11 alone. Versions come from constraints-blender.txt.
set -eu
goal=$1 python=$2 venv=.venv-blender
ready=$venv/.ready

say() { printf '%s\n' "$*"; }
stop() {
    if [ "$goal" = must ]; then
        printf 'blender: %s\n' "$*" >&2
        exit 1
    fi
    say "No Blender here, so that no program of a model can run: $*"
    exit 0
}
. scripts/system_packages.sh

if [ -z "${EASEL_BLENDER_PYTHON:-}" ] && [ -e "$ready" ] && [ "$ready" -nt constraints-blender.txt ] && [ "$ready" -nt apt-packages.txt ] &&
    [ "$ready" -nt scripts/setup_blender.sh ]; then
    exit 0
fi

wanted=$(missing_packages blender)
if [ -n "$wanted" ] && ! install_packages $wanted; then
    say "Blender, or the wall around it, needs system packages. Type: sudo apt-get install -y $wanted"
fi

works() { "$1" -I -c 'import bpy' >/dev/null 2>&1; }
if [ -n "${EASEL_BLENDER_PYTHON:-}" ]; then
    works "$EASEL_BLENDER_PYTHON" || stop "EASEL_BLENDER_PYTHON names '$EASEL_BLENDER_PYTHON', which cannot import bpy."
    exit 0
fi

is_fit() { command -v "$1" >/dev/null 2>&1 && "$1" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; }
if ! { [ -x "$venv/bin/python" ] && works "$venv/bin/python"; }; then
    fit=
    for one in "$python" python3.11 python3; do
        if is_fit "$one"; then fit=$one && break; fi
    done
    [ -n "$fit" ] || stop "its module needs Python 3.11 with venv, and none is here. Name one: make blender PYTHON=python3.11"
    say "Setting up Blender 4.5 in $venv: 380 MB to download, 950 MB on disk; one or two minutes."
    "$fit" -m venv --clear "$venv"
fi
"$venv/bin/python" -m pip install --quiet --no-input --disable-pip-version-check -c constraints-blender.txt bpy ||
    stop "pip could not install bpy; what it said stands above. Type again: make blender"
works "$venv/bin/python" || stop "its module does not start: $("$venv/bin/python" -I -c 'import bpy' 2>&1 | tail -1)"
touch "$ready"
