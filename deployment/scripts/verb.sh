# shellcheck shell=sh
# Sourced by the scripts beside it: finds `xiong`, and becomes one verb of it, whose exit code is theirs.
clone=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)

# `--help` prints the comment at the head of the script.
explain() {
    case "${1-}" in -h | --help)
        sed -n '2,/^[^#]/s/^# \{0,1\}//p' "$0"
        exit 0
        ;;
    esac
}

become() {
    if [ -x "$clone/.venv/bin/xiong" ]; then
        exec "$clone/.venv/bin/xiong" "$@"
    fi
    if command -v xiong >/dev/null 2>&1; then
        exec xiong "$@"
    fi
    echo "${0##*/}: xiong is neither in $clone/.venv nor on PATH; type: make -C '$clone' .venv/run" >&2
    exit 1
}
