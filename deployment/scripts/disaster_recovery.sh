#!/bin/sh
# Saves the data, brings it back, and looks whether all is well; each subcommand calls one verb of `xiong`.
#
#   disaster_recovery.sh backup [--full]          calls `xiong backup create`
#   disaster_recovery.sh restore [ID | newest]    calls `xiong restore`, which asks before it replaces anything
#   disaster_recovery.sh restore --at TIME        to that moment
#   disaster_recovery.sh health                   calls `xiong health`
#
# All further words go on to the verb, and its exit code comes back; `xiong restore --help` lists them.
# Run it where xiong.toml lies; XIONG_STATE names another copy.
set -eu
. "$(dirname -- "$0")/verb.sh"
explain "$@"
wanted=${1-}
[ $# -eq 0 ] || shift
case "$wanted" in
    backup) become backup create "$@" ;;
    restore) become restore "$@" ;;
    health) become health "$@" ;;
esac
echo "${0##*/}: ${wanted:+no subcommand $wanted: }expected backup, restore or health; type: $0 --help" >&2
exit 2
