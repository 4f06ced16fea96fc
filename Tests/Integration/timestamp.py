"""Goal: a gateway's checkpoints carry tokens that openssl accepts over its notes and the auditor's program checks offline; an
authority that fails holds nothing up and is told.
Method: `openssl ts -reply` behind a small HTTP server is the authority, with keys made here; the gateway stamps against it."""

import http.server
import io
import json
import pathlib
import subprocess
import tarfile
import tempfile
import threading

from harness import Broker, Gateway, Steps, programs, wait_for
from tangle_node import BUILDING

EXTENSIONS = """\
[req]
distinguished_name = name
[name]
[root]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
[signer]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
"""
AUTHORITY = """\
[tsa]
default_tsa = own
[own]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/signer.pem
certs = {folder}/{chain}
signer_key = {folder}/signer.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
clock_precision_digits = 3
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


def openssl(*words, folder, check=True):
    result = subprocess.run(["openssl", *words], cwd=folder, capture_output=True, text=True, timeout=60)
    if check and result.returncode != 0:
        raise AssertionError(f"openssl {' '.join(words)}: {result.stderr}")
    return result


class Authority:
    """An RFC 3161 authority on loopback; `fault` makes it answer otherwise."""

    def __init__(self, folder):
        self.folder, self.fault, self.requests = pathlib.Path(folder), None, 0
        self.folder.mkdir()
        self.make_keys()
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            timeout = 30

            def do_POST(self):
                body = self.rfile.read(min(int(self.headers["Content-Length"]), 65_536))
                owner.requests += 1
                status, kind, answer = owner.answer(self.headers["Content-Type"], body)
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/tsa"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def make_keys(self):
        (self.folder / "openssl.cnf").write_text(EXTENSIONS)
        (self.folder / "serial").write_text("01\n")
        (self.folder / "tsa.cnf").write_text(AUTHORITY.format(folder=self.folder, chain="root.pem"))
        for name in ("root", "stranger"):
            openssl("req", "-x509", "-newkey", "rsa:2048", "-noenc", "-keyout", f"{name}.key", "-days", "30", "-subj", f"/CN=Test {name}",
                    "-config", "openssl.cnf", "-extensions", "root", "-out", f"{name}.pem", folder=self.folder)
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-noenc", "-keyout", "signer.key", "-subj",
                "/CN=Test clock", "-config", "openssl.cnf", "-out", "signer.csr", folder=self.folder)
        openssl("x509", "-req", "-in", "signer.csr", "-CA", "root.pem", "-CAkey", "root.key", "-set_serial", "4711", "-days", "30", "-sha256",
                "-extfile", "openssl.cnf", "-extensions", "signer", "-out", "signer.pem", folder=self.folder)

    def answer(self, kind, body):
        if self.fault == "broken":
            return 500, "text/plain", b"out of order"
        if kind != "application/timestamp-query":
            return 415, "text/plain", b""
        query, reply = self.folder / "query.tsq", self.folder / "reply.tsr"
        query.write_bytes(body)
        openssl("ts", "-reply", "-config", "tsa.cnf", "-queryfile", str(query), "-out", str(reply), folder=self.folder)
        return 200, "application/timestamp-reply", reply.read_bytes()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def members(data):
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        return {member.name: archive.extractfile(member).read() for member in archive}


def spoiled(data, name):
    """The same archive with one bit of that member changed, and its hash in the manifest made to fit."""
    import hashlib

    content = members(data)[name]
    changed = content[:-1] + bytes([content[-1] ^ 1])
    place = data.index(content)
    assert data.count(content) == 1
    other = data[:place] + changed + data[place + len(content):]
    before, after = hashlib.sha256(content).digest(), hashlib.sha256(changed).digest()
    assert other.count(before) == 1
    return other.replace(before, after)


def verify(plumbline, file, *more):
    result = subprocess.run([plumbline, "verify", str(file), "--json", *more], capture_output=True, text=True, timeout=120)
    told = json.loads(result.stdout)
    return result.returncode, {finding["code"]: finding for finding in told["findings"]}, told


def main():
    arguments = programs()
    steps = Steps("timestamp")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="plumbline-stamp."))
    authority = Authority(folder / "authority")
    broker = Broker(folder)
    gateway = Gateway(arguments.plumblined, BUILDING, broker.port, folder=folder, anchor_every="4s")
    pem = authority.folder / "root.pem"
    section = f"timeStamp:\n  url: {authority.url}\n  ca: {pem}\n"
    gateway.configuration.write_text(gateway.configuration.read_text() + section)
    try:
        gateway.init()
        card = (folder / "data" / "card").read_text()
        der = openssl("x509", "-in", str(pem), "-noout", "-fingerprint", "-sha256", folder=folder).stdout
        fingerprint = der.strip().split("=")[1].replace(":", "").lower()
        steps.check(card.endswith(f"\ntsa {fingerprint}\n"), "the card names the configured authority by its SHA-256")

        authority.fault = "broken"
        gateway.start()
        problem = wait_for("health tells of the authority", 60, lambda: [text for text in gateway.get("/v1/health")["problems"] if "Time stamping waits" in text])
        steps.check("HTTP 500" in problem[0], f"an authority that is out of order is told: {problem[0]}")
        wait_for("two anchors without the authority", 60, lambda: len(gateway.anchored()) >= 2)
        steps.check(gateway.process.alive(), "and anchors go on")
        authority.fault = None
        wait_for("health is well again", 90, lambda: not [text for text in gateway.get("/v1/health")["problems"] if "Time stamping" in text])
        known = len(gateway.anchored())
        # On this network an anchor is confirmed before its token is asked for: the last one of the file is not the newest.
        anchors = wait_for("anchors with the authority", 90, lambda: len(gateway.anchored()) >= known + 4 and gateway.anchored())
        steps.check(authority.requests > 3, f"the authority is asked again by itself: {authority.requests} requests")

        data = gateway.period_evidence(anchors[known]["milestone"]["at"], anchors[-3]["milestone"]["at"])
        file, own = folder / "period.evidence", folder / "own.card"
        file.write_bytes(data)
        own.write_text(card)
        inside = members(data)
        tokens = sorted(name for name in inside if name.endswith(".tsr"))
        steps.check(len(tokens) >= 2, f"the file carries tokens: {tokens}")
        for name in tokens:
            seq = name.split("/")[1].split(".")[0]
            (folder / "token.tsr").write_bytes(inside[name])
            (folder / "note").write_bytes(inside[f"10-checkpoints/{seq}.note"])
            judged = openssl("ts", "-verify", "-in", "token.tsr", "-data", "note", "-CAfile", str(pem), folder=folder, check=False)
            steps.check(judged.returncode == 0 and "Verification: OK" in judged.stdout + judged.stderr, f"openssl accepts the kept token over note {seq}")

        code, found, told = verify(arguments.plumbline, file, "--policy", str(own), "--tsa-ca", str(pem))
        steps.check(code == 0 and "W_TIME_STAMP_UNCHECKED" not in found, f"plumbline accepts them with the authority's certificate: {sorted(found)}")
        steps.check(len(told["timeStamps"]) == len(tokens) and told["timeStamps"][0]["authority"] == "Test clock", f"and says when and by whom: {told['timeStamps'][0]}")
        steps.check(told["selfNetwork"] and told["bracket"]["notBefore"] is None and told["bracket"]["notAfter"] == told["timeStamps"][-1]["latest"],
                    f"on the operator's own network the token alone bounds the entries: {told['bracket']}")
        code, found, _ = verify(arguments.plumbline, file, "--policy", str(own))
        steps.check(code == 0 and "W_TIME_STAMP_UNCHECKED" not in found, "the card's fingerprint is enough where the token holds the authority's certificate")
        plain = folder / "plain.card"
        plain.write_text("".join(line for line in card.splitlines(True) if not line.startswith("tsa ")))
        for more in ([], ["--tsa-ca", str(authority.folder / "stranger.pem")]):
            code, found, told = verify(arguments.plumbline, file, "--policy", str(plain), *more)
            steps.check(code == 0 and "W_TIME_STAMP_UNCHECKED" in found and told["bracket"] is None and not told["timeStamps"],
                        f"without trust in the authority the tokens are noted and not used {more[:1]}")
        bad = folder / "bad.evidence"
        bad.write_bytes(spoiled(data, tokens[-1]))
        code, found, told = verify(arguments.plumbline, bad, "--policy", str(own), "--tsa-ca", str(pem))
        steps.check(code == 1 and "E_TIME_STAMP" in found and "signature" in found["E_TIME_STAMP"]["about"], f"a damaged token is reported: {found.get('E_TIME_STAMP', {}).get('about')}")

        gateway.stop()
        (authority.folder / "tsa.cnf").write_text(AUTHORITY.format(folder=authority.folder, chain="signer.pem"))
        gateway.configuration.write_text(gateway.configuration.read_text().replace(str(pem), str(authority.folder / "stranger.pem")))
        gateway.start()
        problem = wait_for("health tells of the stranger", 60, lambda: [text for text in gateway.get("/v1/health")["problems"] if "Time stamping waits" in text])
        steps.check("trusted" in problem[0], f"a token of an authority that is not configured is not kept: {problem[0]}")
    finally:
        gateway.stop()
        authority.stop()
        broker.stop()
    gateway.remove()
    steps.finish()


if __name__ == "__main__":
    main()
