#!/bin/sh
# Back to an earlier release that fits the database: calls `xiong rollback`.
#
#   rollback.sh             the last one that ran before
#   rollback.sh RELEASE     this one
#   rollback.sh --dry-run   say what would be done
#
# All words go on to the verb, and its exit code comes back; `xiong rollback --help` lists them.
# Run it where xiong.toml lies; XIONG_STATE names another copy.
set -eu
. "$(dirname -- "$0")/verb.sh"
explain "$@"
become rollback "$@"
