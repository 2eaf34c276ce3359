#!/bin/sh
# Lint, types and layers; called by `make check` and by every pipeline.
set -eu
cd "$(dirname "$0")/../../.."
bin=.venv/bin
$bin/ruff format --check src tests bench
$bin/ruff check src tests bench
$bin/mypy
$bin/lint-imports --no-cache
