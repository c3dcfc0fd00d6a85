#!/bin/sh
# Makes a bare Debian or Ubuntu machine ready: system packages, virtual environment, MicroPython.
# Run by `make setup`, and by every target that needs it; quick when there is nothing to do.
#   bootstrap.sh [system-package ...]     packages a target needs beyond the usual ones
set -eu
cd "$(dirname "$0")/.."

say() { printf '%s\n' "inkmeter setup: $*"; }

need=""
want() { case " $need " in *" $1 "*) ;; *) need="$need $1" ;; esac; }

python=""
for candidate in python3 python3.13 python3.12 python3.11; do
    if command -v "$candidate" >/dev/null 2>&1 &&
        "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        python=$candidate
        break
    fi
done
[ -n "$python" ] || want python3
if [ ! -x .venv/bin/python ]; then
    [ -n "$python" ] && "$python" -c 'import ensurepip, venv' 2>/dev/null || want python3-venv
fi

# The compiler is for MicroPython with the ESP32's 32-bit words; see host_tools/toolchain.py.
command -v gcc >/dev/null 2>&1 || want gcc
command -v dpkg >/dev/null 2>&1 && [ "$(dpkg --print-architecture)" != amd64 ] || {
    echo 'int main(void){return 0;}' |
        gcc -m32 -x c -o /dev/null - >/dev/null 2>&1 || want gcc-multilib
}
printf '#include <stdlib.h>\n' | gcc -E -x c - >/dev/null 2>&1 || want libc6-dev
for package in "$@"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || want "$package"
done

if [ -n "$need" ]; then
    line="apt-get install --yes --no-install-recommends$need"
    if ! command -v apt-get >/dev/null 2>&1; then
        say "these packages are missing, and this machine has no apt-get:$need"
        exit 1
    elif [ "$(id -u)" -eq 0 ]; then
        say "installing$need"
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive $line -qq >/dev/null
        [ -n "$python" ] || python=python3
    elif [ -n "$python" ] && [ -x .venv/bin/python ] && command -v micropython >/dev/null 2>&1; then
        say "without$need the system's micropython will have to serve"
    else
        say "some system packages are missing. Run this line, then try again:"
        say "    sudo $line"
        exit 1
    fi
fi

stamp=.venv/.inkmeter-installed
if [ ! -f "$stamp" ] || [ pyproject.toml -nt "$stamp" ]; then
    [ -x .venv/bin/python ] || { say "creating the virtual environment (.venv)"; "$python" -m venv .venv; }
    say "installing the Python packages (a minute on a first run)"
    .venv/bin/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
    touch "$stamp"
fi
exec .venv/bin/python -m host_tools.toolchain
