#!/bin/sh
# Stand-in for Pulumi's plug-in binaries: starts the named bundled plug-in with the project's own Python.
set -eu
here=$(dirname "$(readlink -f "$0")")
root=$(dirname "$(dirname "$here")")
python="$root/.venv/bin/python"
if [ ! -x "$python" ]; then
    echo "the bundled Pulumi plug-ins need $root/.venv: run 'make demo' or 'make test' once, which create it" >&2
    exit 1
fi
# -I: the user's PYTHON* settings are meant for the user's program, not for the plug-in.
exec "$python" -I -u "$here/launch.py" "$@"
