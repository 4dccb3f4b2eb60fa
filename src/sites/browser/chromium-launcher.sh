#!/bin/sh
# Starts Chromium for Playwright as an unprivileged user, with a profile folder that this user owns and an
# environment that holds nothing of ours. Every step is an exec, so the process id and the pipe stay the same.
set -eu
cd /
set -- "$AGOS_CHROMIUM" "$@" "--user-data-dir=$AGOS_PROFILE"
if [ -n "${AGOS_UID:-}" ]; then
  set -- setpriv "--reuid=$AGOS_UID" "--regid=$AGOS_GID" --clear-groups "$@"
fi
exec env -i "HOME=$AGOS_PROFILE" "PATH=$PATH" "$@"
