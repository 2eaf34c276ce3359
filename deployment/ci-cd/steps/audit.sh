#!/bin/sh
# Looks up known vulnerabilities of all that is locked. Exit code 0: none; 1: some; 4: not run, since no source
# could be reached: the program itself passes what it could not look up, so what it looked up is counted here.
# Called by `make audit` and by the pipelines.
set -eu
cd "$(dirname "$0")/../../.."
report=$(mktemp)
trap 'rm -f "$report"' EXIT
for source in ${VULNERABILITY_SOURCES:-pypi osv}; do
    : >"$report"
    .venv/bin/pip-audit --vulnerability-service "$source" --require-hashes --disable-pip --progress-spinner off \
        --timeout 10 --format json --output "$report" --requirement requirements/run.txt >/dev/null 2>&1 || true
    if .venv/bin/python deployment/ci-cd/steps/audited.py "$report"; then exit 0; else code=$?; fi
    [ "$code" -eq 4 ] || exit "$code"
done
echo "not run: no vulnerability source reached" >&2
exit 4
