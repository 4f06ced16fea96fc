#!/usr/bin/env bash
# How the files of this folder were made: openssl 3.0.19 as the time-stamping authority, libfaketime for its clock.
# The keys are thrown away; a second run makes other files. Usage: make.sh FOLDER
set -euo pipefail
out=$1
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$out"
cd "$work"
# Anchors 2 to 4 of that file were confirmed at 10:10:10, 10:20:10 and 10:30:10 of 2026-03-02.
tar -xf "$here/../evidence/honest-full.period" 10-checkpoints
cp 10-checkpoints/00000004.note "$out/statement.note"
start='2026-01-01 00:00:00'
moment='2026-03-02 10:30:05'

cat >ext.cnf <<'X'
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[middle]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
extendedKeyUsage = timeStamping
subjectKeyIdentifier = hash
[signer]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
subjectKeyIdentifier = hash
X

key() { # NAME KIND
    case $2 in
    rsa) openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$1.key" ;;
    *) openssl genpkey -quiet -algorithm EC -pkeyopt "ec_paramgen_curve:$2" -out "$1.key" ;;
    esac
}
root() { # NAME KIND DIGEST
    key "$1" "$2"
    faketime "$start" openssl req -x509 -new -key "$1.key" "-$3" -days 3650 -subj "/O=Vectors/CN=$1" \
        -config <(printf '[req]\ndistinguished_name=d\n[d]\n'; cat ext.cnf) -extensions root -out "$1.pem"
}
issued() { # NAME KIND DIGEST ISSUER EXTENSIONS DAYS
    key "$1" "$2"
    openssl req -new -key "$1.key" -subj "/O=Vectors/CN=$1" -config <(printf '[req]\ndistinguished_name=d\n[d]\n') -out "$1.csr"
    faketime "$start" openssl x509 -req -in "$1.csr" -CA "$4.pem" -CAkey "$4.key" "-$3" -days "$6" -extfile ext.cnf \
        -extensions "$5" -set_serial "0x$(openssl rand -hex 12 | sed 's/^./5/')" -out "$1.pem" 2>/dev/null
}
token() { # FILE SIGNER DIGEST CHAIN ESS FRACTION QUERY; CHAIN is a file of certificates beside the signer's own, or none
    cat >tsa.cnf <<X
[tsa]
default_tsa = t
[t]
serial = $work/serial
crypto_device = builtin
signer_cert = $work/$2.pem
$([ "$4" = none ] || echo "certs = $work/$4")
signer_key = $work/$2.key
signer_digest = $3
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1, millisecs:500, microsecs:100
clock_precision_digits = $6
ordering = yes
tsa_name = yes
ess_cert_id_chain = no
ess_cert_id_alg = $5
X
    faketime "$moment" openssl ts -reply -config tsa.cnf -queryfile "$7" -out "$out/$1" 2>/dev/null
}

echo 1000 >serial
root root-rsa rsa sha256
root root-p384 P-384 sha384
issued signer-rsa rsa sha256 root-rsa signer 3650
issued middle-p384 P-384 sha384 root-p384 middle 3650
issued signer-p256 P-256 sha384 middle-p384 signer 3650
issued signer-p384 P-384 sha384 root-p384 signer 3650
issued signer-short P-256 sha384 root-p384 signer 10
cp root-rsa.pem root-p384.pem "$out/"
cat middle-p384.pem root-p384.pem >chain.pem
openssl ts -query -data "$out/statement.note" -sha256 -cert -out "$out/request.tsq" 2>/dev/null
openssl ts -query -data "$out/statement.note" -sha512 -cert -out other-digest.tsq 2>/dev/null
openssl ts -query -data ext.cnf -sha256 -cert -out other.tsq 2>/dev/null
openssl ts -query -data "$out/statement.note" -sha256 -out bare.tsq 2>/dev/null
token rsa.tsr signer-rsa sha256 none sha256 0 "$out/request.tsq"
token rsa-sha512.tsr signer-rsa sha512 none sha512 3 "$out/request.tsq"
token rsa-sha1-id.tsr signer-rsa sha256 none sha1 0 "$out/request.tsq"
token p256-chain.tsr signer-p256 sha256 chain.pem sha256 6 "$out/request.tsq"
token p384.tsr signer-p384 sha384 none sha384 0 "$out/request.tsq"
token expired.tsr signer-short sha256 none sha256 0 "$out/request.tsq"
token other-statement.tsr signer-rsa sha256 none sha256 0 other.tsq
token bare.tsr signer-rsa sha256 none sha256 0 bare.tsq
token rejected.tsr signer-rsa sha256 none sha256 0 other-digest.tsq
moment='2026-03-02 10:25:00' token early.tsr signer-rsa sha256 none sha256 0 "$out/request.tsq"
moment='2026-03-02 10:31:00' token late.tsr signer-rsa sha256 none sha256 0 "$out/request.tsq"
for seq in 2 3; do
    openssl ts -query -data "10-checkpoints/0000000$seq.note" -sha256 -cert -out anchor.tsq 2>/dev/null
    moment="2026-03-02 10:$((seq - 1))0:05" token "anchor-$seq.tsr" signer-rsa sha256 none sha256 0 anchor.tsq
done
for name in rsa rsa-sha512 rsa-sha1-id p256-chain p384; do
    case $name in rsa*) ca=root-rsa ;; *) ca=root-p384 ;; esac
    openssl ts -verify -in "$out/$name.tsr" -queryfile "$out/request.tsq" -CAfile "$out/$ca.pem" -attime "$(date -ud "$moment" +%s)" 2>&1 | tail -1
done
