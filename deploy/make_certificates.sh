#!/bin/sh
# Makes an authority and a certificate of Redis that it has signed, for TLS between machines.
#
# usage: make_certificates.sh FOLDER NAME ...
#
# FOLDER gets ca.crt, tls.crt and tls.key. Each NAME is one by which Redis is reached, a host name
# or an IPv4 address. The authority's key is not kept: a new certificate is a new authority.
set -eu

if [ $# -lt 2 ]; then
    echo "usage: make_certificates.sh FOLDER NAME ..." >&2
    exit 2
fi
folder=$1
shift
names=
for name in "$@"; do
    case $name in
    *[!0-9.]*) names="$names,DNS:$name" ;;
    *) names="$names,IP:$name" ;;
    esac
done

umask 077
mkdir -p "$folder"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days 365 \
    -subj "/CN=DeepRacer Redis authority" -keyout "$work/ca.key" -out "$folder/ca.crt"
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc \
    -subj "/CN=$1" -keyout "$folder/tls.key" -out "$work/tls.csr"
printf 'subjectAltName=%s\nkeyUsage=digitalSignature\nextendedKeyUsage=serverAuth\n' \
    "${names#,}" >"$work/extensions"
openssl x509 -req -days 365 -in "$work/tls.csr" -CA "$folder/ca.crt" -CAkey "$work/ca.key" \
    -CAserial "$work/ca.srl" -CAcreateserial -extfile "$work/extensions" -out "$folder/tls.crt"
chmod 644 "$folder/ca.crt" "$folder/tls.crt"
