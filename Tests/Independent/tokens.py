"""Time stamps (RFC 3161) beside a note, from Docs/formats.md section 7; certificates and signatures by the cryptography package."""

import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from primitives import Bad, sha

CODE = "E_TIME_STAMP"
BYTES_MAX, WAY_MAX = 65_536, 8
SIGNED_DATA, TST_INFO = "1.2.840.113549.1.7.2", "1.2.840.113549.1.9.16.1.4"
CONTENT_TYPE, DIGEST = "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
CERTIFICATE, CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.12", "1.2.840.113549.1.9.16.2.47"
TIME_STAMPING = x509.ObjectIdentifier("1.3.6.1.5.5.7.3.8")
HASHES = {"2.16.840.1.101.3.4.2.1": hashes.SHA256, "2.16.840.1.101.3.4.2.2": hashes.SHA384, "2.16.840.1.101.3.4.2.3": hashes.SHA512}
# Algorithms whose name holds the digest; plain RSA takes that of the signer's part.
SIGNATURES = {"1.2.840.113549.1.1.11": hashes.SHA256, "1.2.840.113549.1.1.12": hashes.SHA384, "1.2.840.113549.1.1.13": hashes.SHA512,
              "1.2.840.10045.4.3.2": hashes.SHA256, "1.2.840.10045.4.3.3": hashes.SHA384, "1.2.840.10045.4.3.4": hashes.SHA512}
RSA = "1.2.840.113549.1.1.1"
KNOWN_EXTENSIONS = {"2.5.29.19", "2.5.29.15", "2.5.29.37", "2.5.29.14", "2.5.29.32"}


def need(holds, what):
    if not holds:
        raise Bad(CODE, what)


def nodes(data):
    """[(tag, content, whole)] of DER that stand one after the other."""
    found, at = [], 0
    while at < len(data):
        need(len(data) - at >= 2, "cut")
        tag, size, head = data[at], data[at + 1], 2
        if size > 0x80:
            width = size & 0x7F
            size, head = int.from_bytes(data[at + 2:at + 2 + width], "big"), 2 + width
        need(at + head + size <= len(data), "cut")
        found.append((tag, data[at + head:at + head + size], data[at:at + head + size]))
        at += head + size
    return found


def oid(content):
    value, arcs = 0, []
    for byte in content:
        value = value << 7 | byte & 0x7F
        if not byte & 0x80:
            arcs.append(value)
            value = 0
    need(arcs, "no identifier")
    first = min(arcs[0] // 40, 2)
    return ".".join(map(str, [first, arcs[0] - 40 * first, *arcs[1:]]))


def algorithm(content):
    return oid(nodes(content)[0][1])


def digest(kind, data):
    hasher = hashes.Hash(kind())
    hasher.update(data)
    return hasher.finalize()


class Token:
    """`latest_ms` once `check` has returned; it says whether somebody who is trusted stands behind it."""

    def __init__(self, response, note, trusted):
        need(len(response) <= BYTES_MAX, "too large")
        try:
            self._read(response, note)
            self.is_trusted = self._way(trusted)
        except (IndexError, ValueError, InvalidSignature, x509.ExtensionNotFound, TypeError) as error:
            raise Bad(CODE, str(error)) from None

    def _read(self, response, note):
        (_, outer, _), = nodes(response)
        parts = nodes(outer)
        need(nodes(parts[0][1])[0][1] in (b"\0", b"\1") and len(parts) == 2, "not granted")
        kind, wrapped = nodes(parts[1][1])
        need(oid(kind[1]) == SIGNED_DATA, "no signed data")
        (_, signed, _), = nodes(wrapped[1])
        fields = nodes(signed)
        content_kind, content = nodes(fields[2][1])
        need(oid(content_kind[1]) == TST_INFO, "content")
        (_, info, _), = nodes(content[1])
        self.certificates = [x509.load_der_x509_certificate(whole) for tag, inner, _ in fields[3:] if tag == 0xA0
                             for _, _, whole in nodes(inner)]
        (_, signer, _), = nodes(fields[-1][1])
        self._info(info, note)
        self._signer(nodes(signer), info)

    def _info(self, info, note):
        (_, inner, _), = nodes(info)
        fields = nodes(inner)
        need(fields[0][1] == b"\1", "version")
        imprint = nodes(fields[2][1])
        need(algorithm(imprint[0][1]) == "2.16.840.1.101.3.4.2.1" and imprint[1][1] == sha(note), "another statement")
        text = fields[4][1].decode("ascii")
        whole, _, fraction = text[:-1].partition(".")
        moment = datetime.datetime.strptime(whole, "%Y%m%d%H%M%S").replace(tzinfo=datetime.timezone.utc)
        micros = int(moment.timestamp()) * 10**6 + int((fraction + "000000")[:6])
        for tag, content, _ in fields[5:]:
            if tag == 0x30:
                for kind, value, _ in nodes(content):
                    micros += int.from_bytes(value, "big") * {0x02: 10**6, 0x80: 10**3, 0x81: 1}[kind]
            need(tag != 0xA1 or all(nodes(one)[1][0] != 0x01 for _, one, _ in nodes(content)), "critical extension")
        self.moment, self.latest_ms = moment, -(-micros // 1000)

    def _signer(self, fields, info):
        issuer, serial = nodes(fields[1][1])
        self.signer = next((c for c in self.certificates if c.issuer.public_bytes() == issuer[2]
                            and c.serial_number == int.from_bytes(serial[1], "big")), None)
        need(self.signer is not None and fields[3][0] == 0xA0, "the signer's certificate is not in the token")
        hashing = HASHES[algorithm(fields[2][1])] if algorithm(fields[2][1]) in HASHES else need(False, "digest")
        attributes = {oid(nodes(one)[0][1]): nodes(nodes(one)[1][1]) for _, one, _ in nodes(fields[3][1])}
        need(CONTENT_TYPE in attributes and oid(attributes[CONTENT_TYPE][0][1]) == TST_INFO, "content type")
        need(DIGEST in attributes and attributes[DIGEST][0][1] == digest(hashing, info), "content digest")
        need(CERTIFICATE in attributes or CERTIFICATE_V2 in attributes, "the certificate is not named")
        der = self.signer.public_bytes(serialization.Encoding.DER)
        for name, kind in ((CERTIFICATE, hashes.SHA1), (CERTIFICATE_V2, hashes.SHA256)):
            if name in attributes:
                first = nodes(nodes(nodes(attributes[name][0][1])[0][1])[0][1])
                if first[0][0] == 0x30:
                    kind, first = HASHES[algorithm(first[0][1])], first[1:]
                need(first[0][1] == digest(kind, der), "another certificate is named")
        name = algorithm(fields[4][1])
        need(name == RSA or name in SIGNATURES, "signature algorithm")
        verify(self.signer, fields[5][1], b"\x31" + fields[3][2][1:], hashing if name == RSA else SIGNATURES[name])
        usage = self.signer.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
        need(usage.critical and list(usage.value) == [TIME_STAMPING], "purpose")
        need(allows(self.signer, "digital_signature") or allows(self.signer, "content_commitment"), "key usage")
        self._usable(self.signer)

    def _usable(self, certificate):
        need(certificate.version == x509.Version.v3, "version")
        need(certificate.not_valid_before_utc <= self.moment <= certificate.not_valid_after_utc, "not valid then")
        need(all(e.oid.dotted_string in KNOWN_EXTENSIONS for e in certificate.extensions if e.critical), "critical extension")

    def _way(self, trusted):
        """Whether a way of issuers in the token leads to a trusted fingerprint."""
        at, below = self.signer, 0
        for _ in range(WAY_MAX):
            if at.fingerprint(hashes.SHA256()) in trusted:
                return True
            above = next((c for c in self.certificates if c.subject.public_bytes() == at.issuer.public_bytes() and c != at
                          and self._issues(c, at, below)), None)
            if above is None:
                return False
            at, below = above, below + 1
        return False

    def _issues(self, issuer, certificate, below):
        try:
            self._usable(issuer)
            limits = issuer.extensions.get_extension_for_class(x509.BasicConstraints).value
            purposes = [e.value for e in issuer.extensions if isinstance(e.value, x509.ExtendedKeyUsage)]
            verify(issuer, certificate.signature, certificate.tbs_certificate_bytes, type(certificate.signature_hash_algorithm))
        except (Bad, InvalidSignature, x509.ExtensionNotFound, TypeError):
            return False
        return (limits.ca and (limits.path_length is None or limits.path_length >= below) and allows(issuer, "key_cert_sign")
                and all(TIME_STAMPING in purpose for purpose in purposes))


def allows(certificate, what):
    usages = [e.value for e in certificate.extensions if isinstance(e.value, x509.KeyUsage)]
    return all(getattr(usage, what) for usage in usages)


def verify(certificate, signature, message, hashing):
    key = certificate.public_key()
    need(hashing in HASHES.values(), "digest")
    if isinstance(key, rsa.RSAPublicKey):
        need(key.key_size >= 2_048, "key size")
        key.verify(signature, message, padding.PKCS1v15(), hashing())
    else:
        need(isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in ("secp256r1", "secp384r1"), "key")
        key.verify(signature, message, ec.ECDSA(hashing()))
