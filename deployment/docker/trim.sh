#!/bin/sh
# Run by the Dockerfile as the last command of a base stage: takes away what builds and installs, and every trace
# that differs from one build to the next.
set -eu
for folder in /usr/local/lib/python3* /usr/lib/python3*; do
    [ -d "$folder" ] || continue
    for name in pip setuptools wheel pkg_resources _distutils_hack ensurepip; do
        rm -rf "$folder"/site-packages/"$name" "$folder"/site-packages/"$name"-*.dist-info
        rm -rf "$folder"/dist-packages/"$name" "$folder"/dist-packages/"$name"-*.dist-info "${folder:?}/$name"
    done
    rm -f "$folder"/site-packages/distutils-precedence.pth
    find "$folder" -name __pycache__ -type d -prune -exec rm -rf {} +
done
rm -f /usr/local/bin/pip* /usr/bin/pip* /usr/local/bin/wheel /usr/bin/wheel
rm -rf /usr/share/python-wheels ~/.cache /var/lib/apt/lists/* /var/cache/* /var/log/* /tmp/* /var/tmp/*
rm -rf /usr/share/man /usr/share/info /usr/share/locale
find /usr/share/doc ! -type d ! -name copyright -delete
rm -f /var/lib/dpkg/*-old /var/lib/systemd/random-seed /etc/machine-id /run/xiong.* /etc/.pwd.lock
rm -f /etc/passwd- /etc/shadow- /etc/group- /etc/gshadow-
# nobody becomes another user in here
find / -xdev -type f -perm /6000 -exec chmod a-s {} +
# the standard library's byte code, named by what is in the source and not by when it was written
python=$(command -v python3)
PYTHONHASHSEED=0 "$python" -I -m compileall -q -f --invalidation-mode unchecked-hash \
    "$("$python" -Ic 'import os; print(os.path.dirname(os.__file__))')" >/dev/null
# all but what the engine has mounted here
find / -xdev \( -path /proc -o -path /sys -o -path /dev -o -path /etc/hosts -o -path /etc/resolv.conf \) -prune \
    -o -newermt "@$BASE_EPOCH" -exec touch -h -d "@$BASE_EPOCH" {} +
