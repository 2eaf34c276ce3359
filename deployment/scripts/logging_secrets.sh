#!/usr/bin/env bash
# What the log pipeline of compose.logging.yaml needs, made once below STATE/logging: passwords, an authority,
# and a certificate each for Logstash and Filebeat. What is there stays.
#   logging_secrets.sh STATE ADDRESS      (ADDRESS: Logstash's on the inner network, XIONG_BACK_PREFIX and .156)
set -euo pipefail
[ $# = 2 ] || {
    echo "usage: ${0##*/} STATE ADDRESS   (the state folder of the copy; where Logstash listens)" >&2
    exit 2
}
[ -d "$1" ] || {
    echo "$1 is no folder: expected the state folder of a copy; next: xiong up" >&2
    exit 1
}
umask 027
passwords=$1/logging/passwords certificates=$1/logging/certificates authority=$1/logging/authority
mkdir -p "$passwords" "$certificates" "$authority"

for name in elastic writer kibana; do
    [ -s "$passwords/$name" ] || openssl rand -hex 24 >"$passwords/$name"
done

[ -s "$certificates/ca.crt" ] || openssl req -x509 -newkey rsa:3072 -nodes -days 3650 -subj /CN=xiongichat-logging \
    -keyout "$authority/ca.key" -out "$certificates/ca.crt" 2>/dev/null
for name in logstash filebeat; do
    made=$certificates/$name
    [ ! -s "$made.crt" ] || continue
    openssl req -newkey rsa:3072 -nodes -subj "/CN=$name" -keyout "$made.key" -out "$authority/$name.csr" 2>/dev/null
    printf 'subjectAltName=DNS:%s,IP:%s\nextendedKeyUsage=serverAuth,clientAuth\n' "$name" "$2" |
        openssl x509 -req -in "$authority/$name.csr" -CA "$certificates/ca.crt" -CAkey "$authority/ca.key" \
            -CAcreateserial -days 825 -extfile /dev/stdin -out "$made.crt" 2>/dev/null
done

# The images of Elastic run with the group 0; the authority is the owner's alone.
chmod -R go= "$authority"
chmod g+r "$certificates"/*.key
if [ "$(id -u)" = 0 ]; then
    chown -R 0:0 "$1/logging"
fi
echo "passwords and certificates are below $1/logging"
