#!/bin/sh
# Lint, types and layers; called by `make check` and by every pipeline.
set -eu
cd "$(dirname "$0")/../../.."
bin=.venv/bin
$bin/ruff format --check src tests bench deployment
$bin/ruff check src tests bench deployment
$bin/mypy
$bin/mypy -p deployment.docs
$bin/mypy -p deployment.monitoring
$bin/lint-imports --no-cache
