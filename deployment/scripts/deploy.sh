#!/bin/sh
# Another release without a lost request: calls `xiong deploy`.
#
#   deploy.sh --from .            build this source tree, and roll to it
#   deploy.sh RELEASE             roll to a release that is already here
#   deploy.sh --from . --dry-run  say what would be done
#
# All words go on to the verb, and its exit code comes back; `xiong deploy --help` lists them.
# Run it where xiong.toml lies; XIONG_STATE names another copy.
set -eu
. "$(dirname -- "$0")/verb.sh"
explain "$@"
become deploy "$@"
