#!/bin/sh
# Writes what is in each image as CycloneDX (JSON) into a folder; the same lock gives the same file.
# Argument: the folder, dist where none is named. Called by `make sbom` and by the pipelines.
set -eu
cd "$(dirname "$0")/../../.."
out=${1:-dist}
mkdir -p "$out"
for image in service:service operations:run; do
    # a component for each line of the lock; what depends on what is not in it, which the program warns of
    PYTHONWARNINGS=ignore .venv/bin/cyclonedx-py requirements --pyproject pyproject.toml --short-PURLs \
        --output-reproducible --of JSON -o "$out/sbom-${image%:*}.json" "requirements/${image#*:}.txt"
    echo "$out/sbom-${image%:*}.json"
done
