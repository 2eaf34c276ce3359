#!/bin/sh
# Builds an image from this tree and prints its size beside its budget; exit code 3 where it is larger.
# Arguments: service or operations, and the name for it. PYTHON_IMAGE names the base, by its digest in a release;
# PIP_CONFIG_FILE and PIP_CERT, where they are set, are given to the build as secrets and stay out of the image.
# Called by `make image`, by the pipelines and by the tests.
set -eu
cd "$(dirname "$0")/../../.."
target=${1:?service or operations}
name=${2:-xiong-$target:dev}
case $target in
    service) budget=260 ;;
    operations) budget=700 ;;
    *) echo "no such target: $target" >&2; exit 2 ;;
esac
revision=$(git rev-parse HEAD 2>/dev/null || echo unknown)
# the same source, the same time: of its last commit, or any fixed one
epoch=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct 2>/dev/null || echo 1735689600)}
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' pyproject.toml | head -n 1)
set -- --build-arg "SOURCE_DATE_EPOCH=$epoch" --build-arg "VERSION=$version" --build-arg "REVISION=$revision" \
    --build-arg "CREATED=$(date -u -d "@$epoch" +%Y-%m-%dT%H:%M:%SZ)"
[ -z "${PYTHON_IMAGE:-}" ] || set -- "$@" --build-arg "PYTHON_IMAGE=$PYTHON_IMAGE"
[ ! -f "${PIP_CONFIG_FILE:-}" ] || set -- "$@" --secret "id=pip,src=$PIP_CONFIG_FILE"
[ ! -f "${PIP_CERT:-}" ] || set -- "$@" --secret "id=ca,src=$PIP_CERT"
DOCKER_BUILDKIT=1 docker build --quiet -f deployment/docker/Dockerfile --target "$target" -t "$name" "$@" . >/dev/null
size=$(($(docker image inspect -f '{{.Size}}' "$name") / 1000000))
echo "$name: $size MB, budget $budget MB"
[ "$size" -le "$budget" ] || exit 3
