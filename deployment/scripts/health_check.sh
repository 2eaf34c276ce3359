#!/bin/sh
# Deep checks of everything: calls `xiong health`. Exit code 0 when all is well, 3 when something is not.
#
#   health_check.sh             every check
#   health_check.sh CHECK...    these, with their figures
#   health_check.sh --watch     over and over, until Ctrl-C
#
# All words go on to the verb, and its exit code comes back; `xiong health --help` lists them.
# Run it where xiong.toml lies; XIONG_STATE names another copy.
set -eu
. "$(dirname -- "$0")/verb.sh"
explain "$@"
become health "$@"
