#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
#
# Certificates for tests of TLS.
#
#     certificates.sh DIR
#
# Puts into DIR, which must exist: ca.pem, an authority; server.pem and server.key, issued by it to
# localhost, 127.0.0.1 and ::1; client.pem and client.key, issued by it too; other.pem, an authority
# that has issued nothing.
set -euo pipefail

readonly DAYS=2

make_ca() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days "$DAYS" \
		-subj "/CN=$1" -keyout "$1.key" -out "$1.pem" 2>/dev/null
}

# issue NAME SUBJECT EXTENSION...
issue() {
	local name=$1 subject=$2
	shift 2

	openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "$subject" \
		-keyout "$name.key" -out "$name.csr" 2>/dev/null
	openssl x509 -req -in "$name.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days "$DAYS" \
		-extfile <(printf '%s\n' "$@") -out "$name.pem" 2>/dev/null
	rm "$name.csr"
}

cd "$1"
make_ca ca
make_ca other
issue server /CN=localhost 'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1' \
	extendedKeyUsage=serverAuth
issue client /CN=flowprobe extendedKeyUsage=clientAuth
