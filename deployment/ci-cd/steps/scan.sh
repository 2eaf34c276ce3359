#!/bin/sh
# Which packages of an image Debian has a newer, fixed version of. Exit code 0: none; 1: some, each named; 4: not
# run, since Debian's lists could not be had. Argument: an image, by its digest in a release. Called by `make scan`
# and by the pipelines, before anything is signed.
set -eu
image=${1:?an image}
listed=$(docker run --rm --user 0 --network "${SCAN_NETWORK:-host}" --entrypoint sh "$image" -c '
    mkdir -p /var/lib/apt/lists/partial /var/cache/apt/archives/partial
    apt-get -qq -o APT::Update::Error-Mode=any update >&2 && apt-get -qq --simulate --no-download dist-upgrade
') || { echo "not run: Debian's lists could not be had for $image" >&2; exit 4; }
fixed=$(printf '%s\n' "$listed" | sed -n 's/^Inst \([^ ]*\) \[\([^]]*\)\] (\([^ ]*\).*/\1 \2, fixed in \3/p')
[ -n "$fixed" ] || { echo "$image: Debian has nothing newer of what is in it"; exit 0; }
printf '%s: %s\n' "$image" "$fixed" >&2
exit 1
