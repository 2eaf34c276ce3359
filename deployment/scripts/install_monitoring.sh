#!/bin/sh
# Installs Debian's Prometheus and Alertmanager, which `xiong up` runs as its own processes. For `make up`.
# Only what is missing is installed, none of Debian's services is started or enabled by it, and whatever goes
# wrong, `make up` goes on: the product runs without them and says so.
set -u
POLICY=${POLICY:-/usr/sbin/policy-rc.d}

have() { command -v "$1" >/dev/null 2>&1; }

wanted=
have prometheus || wanted=prometheus
have prometheus-alertmanager || have alertmanager || wanted="${wanted:+$wanted }prometheus-alertmanager"
[ -n "$wanted" ] || exit 0
case "${XIONG_MONITORING__ENABLED:-true}" in [Ff]*|0|[Nn]*) exit 0 ;; esac
[ "$(id -u)" = 0 ] && have apt-get || exit 0

quietly() {
    DEBIAN_FRONTEND=noninteractive timeout 240 apt-get -qq -y -o DPkg::Lock::Timeout=30 "$@" </dev/null >/dev/null 2>&1
}

# Debian asks this file before it starts a service; 101 means no. One that is there already is left alone.
made=
# shellcheck disable=SC2329 # the trap calls it
forget() { [ -z "$made" ] || rm -f "$POLICY"; }
trap forget EXIT
trap 'exit 0' HUP INT TERM
if [ -e "$POLICY" ]; then
    "$POLICY" prometheus start >/dev/null 2>&1
    if [ $? -ne 101 ]; then
        echo "monitoring: $POLICY lets Debian start services; install by hand: apt-get install $wanted" >&2
        exit 0
    fi
else
    printf '#!/bin/sh\nexit 101\n' 2>/dev/null >"$POLICY" || exit 0
    made=yes
    chmod 755 "$POLICY"
fi

echo "installing $wanted from Debian" >&2
# shellcheck disable=SC2086 # a list of packages
if quietly install --no-install-recommends $wanted || { quietly update && quietly install --no-install-recommends $wanted; }; then
    # installed by us, so nobody has chosen to run them as services
    for unit in $wanted; do
        have systemctl && systemctl disable --quiet "$unit" >/dev/null 2>&1
    done
else
    echo "monitoring: apt-get could not install $wanted; the product runs without" >&2
fi
exit 0
