#!/bin/sh
# Run by the Dockerfile: leaves nothing in a folder with Python packages that differs from one build to the next.
# Arguments: the folder, and the time that everything in it gets.
set -eu
folder=$1
epoch=$2
# what pip notes of an installation: by which program, from where
find "$folder" -path '*.dist-info/*' \( -name INSTALLER -o -name REQUESTED -o -name direct_url.json \) -delete
find "$folder" -name __pycache__ -type d -prune -exec rm -rf {} +
# Byte code that is never compared with its source. The final folder is written into it, as tracebacks show it.
PYTHONHASHSEED=0 /opt/xiong/bin/python -I -m compileall -q -f --invalidation-mode unchecked-hash \
    -s "$folder" -p /opt/xiong "$folder/lib"
find "$folder" -exec touch -h -d "@$epoch" {} +
