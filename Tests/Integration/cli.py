"""Goal: the auditor's program says what a stranger needs, in the same words every time, on the right stream.
Method: whole outputs compared with Tests/Integration/words/; closed, full and broken outputs, pipes, terminals and
hostile names. PLUMBLINE_WRITE_WORDS=1 writes the texts anew, to be read before they are committed."""

import json
import os
import pathlib
import pty
import re
import select
import shlex
import shutil
import stat
import subprocess
import tarfile
import tempfile

from harness import ROOT, Steps, programs

GOLDEN = ROOT / "Tests" / "Vectors" / "evidence"
WORDS = ROOT / "Tests" / "Integration" / "words"
SECONDS_MAX = 120
# Paths are relative to the golden files, so that the texts are the same everywhere.
TEXTS = {
    "help": "help",
    "help-verify": "help verify",
    "help-inspect": "help inspect",
    "help-audit": "help audit",
    "help-export": "help export",
    "help-check-table": "help check-table",
    "verify-period": "verify honest-full.period --policy gateway.card",
    "verify-period-json": "verify honest-full.period --policy gateway.card --json",
    "verify-period-asked": "verify honest-full.period --policy gateway.card --from 2026-03-02T11:15:00+01:00 --to 2026-03-02T10:45:00Z",
    "verify-period-no-card": "verify honest-full.period",
    "verify-period-no-card-json": "verify honest-full.period --json",
    "verify-period-other-card": "verify honest-full.period --policy other.card",
    "verify-period-altered": "verify item-altered.period --policy gateway.card",
    "verify-period-altered-json": "verify item-altered.period --policy gateway.card --json",
    "verify-period-truncated": "verify tar-truncated.period --policy gateway.card",
    "verify-period-truncated-json": "verify tar-truncated.period --policy gateway.card --json",
    "verify-period-self-network": "verify honest-self-network.period --policy self-network.card",
    "verify-period-stamped": "verify stamped-all.period --policy gateway.card --tsa-ca ../timestamp/root-rsa.pem",
    "verify-period-stamped-json": "verify stamped-all.period --policy gateway-tsa.card --json",
    "verify-period-stamped-self-network": "verify stamped-self-network.period --policy self-network-tsa.card",
    "verify-period-stamped-unknown": "verify stamped-chain.period --policy gateway.card",
    "verify-period-stamped-damaged": "verify stamped-damaged.period --policy gateway-tsa.card",
    "verify-reading": "verify reading-honest.reading --policy gateway.card",
    "verify-reading-json": "verify reading-honest.reading --policy gateway.card --json",
    "verify-reading-named": "verify reading-config.reading --policy gateway.card",
    "verify-reading-altered": "verify reading-altered.reading --policy gateway.card",
    "verify-reading-no-card": "verify reading-no-card.reading",
    "verify-reading-other-card": "verify reading-honest.reading --policy other.card",
    "export-reading": "export reading-config.reading --policy gateway.card --jsonl",
    "export-altered": "export item-altered.period --policy gateway.card",
    "check-table": "check-table {parts}/table.csv honest-full.period --policy gateway.card",
    "wrong-table": "check-table gateway.card honest-full.period --policy gateway.card",
    "inspect-period": "inspect honest-full.period",
    "inspect-period-json": "inspect honest-full.period --json",
    "inspect-reading": "inspect reading-config.reading",
    "inspect-card": "inspect gateway.card",
    "inspect-note": "inspect {parts}/10-checkpoints/00000003.note",
    "inspect-block": "inspect {parts}/11-anchors/00000003.block",
    "inspect-milestone": "inspect {parts}/12-beacons/00000003.milestone",
    "wrong-command": "veryfy honest-full.period",
    "wrong-command-after-help": "help nothing",
    "wrong-option": "verify honest-full.period --polcy gateway.card",
    "wrong-arguments": "verify a b",
    "wrong-time": "verify honest-full.period --from yesterday",
    "wrong-time-zone": "verify honest-full.period --from 2026-03-02T10:00:00",
    "wrong-times": "verify honest-full.period --from 2026-03-02T11:00:00Z --to 2026-03-02T10:00:00Z",
    "wrong-kind": "inspect blok gateway.card",
    "wrong-block": "inspect block gateway.card",
    "missing-file": "verify",
    "missing-input": "inspect",
    "missing-value": "verify honest-full.period --policy",
    "absent-file": "verify absent.period --policy gateway.card",
    "absent-card": "verify honest-full.period --policy absent.card",
    "card-is-no-card": "verify honest-full.period --policy honest-full.period",
    "authorities-are-none": "verify stamped-all.period --policy gateway.card --tsa-ca gateway.card",
    "folder": "verify .",
    "device": "verify /dev/zero",
    "no-name": "verify ''",
}
# One row of each kind: right, wrong, of another unit, of nowhere, and one that nobody can read.
TABLE = """time,point,value,unit
2026-03-02T10:11:00Z,meter.main.energy,704.07,kWh
2026-03-02T10:11:20Z,meter.main.energy,704.90,kWh
2026-03-02T10:11:00.237Z,ahu1.supply.temp,19.1,K
2026-03-02T10:11:01Z,weather.temp,-0.46,Cel
2026-03-02T10:11:00,weather.temp,-0.46,Cel
"""


class Program:
    def __init__(self, path):
        self.path = str(pathlib.Path(path).resolve())
        self.environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TERM": "xterm"}

    def run(self, *words, **options):
        """Exit code, standard output, standard error."""
        options = {"capture_output": True, "cwd": GOLDEN, "env": self.environment, "timeout": SECONDS_MAX, **options}
        if "input" not in options and "stdin" not in options:
            options["stdin"] = subprocess.DEVNULL
        result = subprocess.run([self.path, *map(str, words)], **options)
        return result.returncode, result.stdout or b"", result.stderr or b""

    def on_terminal(self, *words, stream="stdout", **environment):
        """What a terminal at one of the two outputs is sent."""
        ours, theirs = pty.openpty()
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, stream: theirs}
        process = subprocess.Popen([self.path, *words], cwd=GOLDEN, stdin=subprocess.DEVNULL,
                                   env={**self.environment, **environment}, **streams)
        os.close(theirs)
        shown = b""
        while select.select([ours], [], [], SECONDS_MAX)[0]:
            try:
                part = os.read(ours, 65536)
            except OSError:
                break
            if not part:
                break
            shown += part
        process.communicate(timeout=SECONDS_MAX)
        os.close(ours)
        return shown


def steering(data):
    """Characters that would steer a terminal, and bytes that are no text; line ends are fine."""
    text = data.decode("utf-8", errors="surrogateescape")
    return [c for c in text if (ord(c) < 0x20 and c != "\n") or 0x7f <= ord(c) <= 0x9f or 0x202a <= ord(c) <= 0x202e
            or 0x2066 <= ord(c) <= 0x2069 or 0xd800 <= ord(c) <= 0xdfff]


def texts(steps, program, parts):
    """The whole of what each command says."""
    version = program.run("--version")[1].decode().strip()
    steps.check(re.fullmatch(r"plumbline \d+\.\d+\.\d+ \(commit \S+\)", version), f"--version names version and commit: {version}")
    WORDS.mkdir(exist_ok=True)
    # Those of the installer's tools are compared in tools.py.
    unseen = {path.name for path in WORDS.iterdir() if not path.name.startswith("tools-")}
    for name, line in TEXTS.items():
        code, out, complaints = program.run(*[word.replace("{parts}", str(parts)) for word in shlex.split(line)])
        said = (f"$ plumbline {line}\n{out.decode()}" + (f"--- standard error\n{complaints.decode()}" if complaints else "")
                + f"--- exit {code}\n").replace(version, "{version}").replace(str(parts), "{parts}")
        path = WORDS / f"{name}.txt"
        unseen.discard(path.name)
        if os.environ.get("PLUMBLINE_WRITE_WORDS"):
            path.write_text(said)
        expected = path.read_text() if path.exists() else "nothing"
        if not steps.check(said == expected, f"{name}: plumbline {line}"):
            print(f"expected:\n{expected}\nprinted:\n{said}")
        shape(steps, name, out, complaints, code)
    steps.check(not unseen, f"no text is left over: {sorted(unseen)}")
    same = program.run("help")[1]
    steps.check(same == program.run("--help")[1] == program.run("-h")[1] == program.run()[1], "help, --help, -h and nothing say the same")
    for command in ("verify", "inspect", "export", "check-table"):
        steps.check(program.run("help", command)[1] == program.run(command, "--help")[1] == program.run(command, "-h")[1],
                    f"help {command}, {command} --help and {command} -h say the same")


def shape(steps, name, out, complaints, code):
    """Results and complaints each have their stream and their form."""
    lines = complaints.decode().splitlines()
    wrong = [line for line in lines if not line.startswith("plumbline: ") or line.endswith(".")
             or not re.match(r"(E_|W_)?\S", line.removeprefix("plumbline: "))]
    first = [line.removeprefix("plumbline: ") for line in lines]
    wrong += [line for line in first if line[:1].isupper() and not re.match(r"[EW]_[A-Z_]+: [^A-Z]", line)]
    if wrong:
        steps.check(False, f"{name}: complaints are lower case without a full stop: {wrong}")
    if b"plumbline: " in out:
        steps.check(False, f"{name}: no complaint on standard output")
    if "--json" in TEXTS[name].split():
        steps.check(isinstance(json.loads(out), dict) and out.count(b"\n") == 1 and not complaints, f"{name}: one JSON object on one line, no complaint")
    elif code == 0 and complaints:
        steps.check(False, f"{name}: nothing to complain about at exit 0")
    elif code == 64 and out:
        steps.check(False, f"{name}: no result from wrong usage")
    if name.startswith("help"):
        long = [line for line in out.decode().splitlines() if len(line) > 90]
        if long:
            steps.check(False, f"{name}: fits a terminal: {long}")


def findings(steps, program):
    """Every golden file: exit code and findings as its list states, the same with and without --json."""
    cases = json.loads((GOLDEN / "cases.json").read_text())["cases"]
    wrong, unclean = [], []
    for case in cases:
        command = ["verify", case["file"]]
        if case.get("card"):
            command += ["--policy", case["card"]]
        for option, key in (("--from", "t1"), ("--to", "t2")):
            if case.get(key) is not None:
                command += [option, time_text(case[key])]
        code, out, _ = program.run(*command, "--json")
        plain, shown, complaints = program.run(*command)
        verdict = json.loads(out)
        codes = sorted({finding["code"] for finding in verdict["findings"]})
        same = case["exit"] == code == plain == verdict["exit"]
        if not same or (not case.get("ambiguous") and codes != sorted(case["findings"])):
            wrong.append((case["file"], case.get("card"), code, plain, codes))
        for finding in verdict["findings"]:
            where = shown if finding["severity"] == "note" else complaints
            if finding["code"].encode() not in where:
                wrong.append((case["file"], finding["code"], "not told"))
        if steering(shown + complaints) or steering(out):
            unclean.append(case["file"])
    steps.check(not wrong, f"{len(cases)} golden files: exit code and findings as listed, told as text and as JSON; wrong: {wrong[:3]}")
    steps.check(not unclean, f"no golden file reaches the terminal with its own characters: {unclean[:3]}")


def time_text(ms):
    import datetime
    moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(milliseconds=ms)
    return moment.isoformat(timespec="milliseconds") + "Z"


def colours(steps, program):
    command = ("verify", "honest-full.period", "--policy", "gateway.card")
    plain = program.run(*command)[1]
    steps.check(b"\x1b" not in plain, "a pipe gets no colours")
    shown = program.on_terminal(*command)
    steps.check(b"\x1b[32m" in shown, "a terminal gets colours")
    bare = re.sub(rb"\x1b\[\d+m", b"", shown).replace(b"\r\n", b"\n")
    steps.check(bare == plain, "without its colours it is the same text")
    steps.check(program.on_terminal(*command, NO_COLOR="1").replace(b"\r\n", b"\n") == plain, "NO_COLOR switches them off")
    steps.check(b"\x1b[32m" in program.on_terminal(*command, NO_COLOR=""), "NO_COLOR set to nothing does not")
    steps.check(b"\x1b" not in program.on_terminal(*command, TERM="dumb"), "a dumb terminal gets none")
    steps.check(b"\x1b" not in program.on_terminal(*command, "--json"), "JSON has none")
    steps.check(b"\x1b[31m" in program.on_terminal("verify", "item-altered.period", "--policy", "gateway.card"), "what does not hold is red")
    steps.check(b"\x1b" not in program.on_terminal("verify", "item-altered.period", "--policy", "gateway.card", stream="stderr"), "complaints have none")


def streams(steps, program):
    """Pipes in, pipes out, outputs that fail."""
    command = ("verify", "honest-full.period", "--policy", "gateway.card")
    said = program.run(*command)[1]
    period, card = (GOLDEN / "honest-full.period").read_bytes(), (GOLDEN / "gateway.card").read_bytes()
    code, out, complaints = program.run("verify", "-", "--policy", "gateway.card", input=period)
    steps.check((code, complaints) == (0, b"") and out == said.replace(b"honest-full.period:", b"standard input:"), "verify - reads a pipe")
    steps.check(program.run("verify", "honest-full.period", "--policy", "-", input=card)[:2] == (0, said), "--policy - reads a pipe")
    code, out, complaints = program.run("verify", "-", "--policy", "-", input=card)
    steps.check(code == 64 and not out, f"both from one pipe is refused: {complaints.decode().strip()}")
    steps.check(program.run("inspect", "-", input=card)[:2] == program.run("inspect", "gateway.card")[:2], "inspect - reads a pipe")
    code, out, complaints = program.run("verify", "-", "--policy", "gateway.card", input=b"")
    steps.check(code == 1 and b"E_MALFORMED" in complaints, "an empty pipe is no evidence file")
    code, out, complaints = program.run("verify", "/dev/stdin", "--policy", "gateway.card", input=period)
    steps.check(code == 0, "/dev/stdin works too")
    for redirection, exits, text in ((">&-", 2, "a closed output"), ("> /dev/full", 2, "a full disk"), ("2>&-", 0, "closed complaints"),
                                     ("<&- >&- 2>&-", 2, "nothing open at all")):
        for words in (command, (*command, "--json"), ("inspect", "gateway.card"), ("help",)):
            result = subprocess.run(["sh", "-c", f'exec "$0" "$@" {redirection}', program.path, *words], cwd=GOLDEN, capture_output=True,
                                    env=program.environment, timeout=SECONDS_MAX)
            told = redirection.startswith("<") or exits == 0 or b"plumbline: standard output cannot be written: " in result.stderr
            if result.returncode != exits or not told:
                steps.check(False, f"{text}: {words}: exit {result.returncode}, {result.stderr!r}")
        steps.check(True, f"{text}: exit {exits}, no crash")
    for name, exits in (("honest-full.period", 0), ("item-altered.period", 1)):
        reading, writing = os.pipe()
        os.close(reading)
        code, _, complaints = program.run("verify", name, "--policy", "gateway.card", capture_output=False, stdout=writing, stderr=subprocess.PIPE)
        os.close(writing)
        steps.check(code == exits and b"standard output" not in complaints, f"a reader that went away does not change exit {exits}")


def files(steps, program, folder):
    huge = folder / "huge.period"
    with open(huge, "wb") as out:
        out.truncate(5 << 30)
    code, _, complaints = program.run("verify", huge, timeout=20)
    steps.check(code == 1 and b"E_MALFORMED" in complaints, "5 GiB of nothing are malformed at once")
    code, out, complaints = program.run("inspect", huge, timeout=20)
    steps.check(code == 2 and not out and b"larger than" in complaints, "and too large for what reads a file whole")
    secret = folder / "secret.period"
    secret.write_bytes(b"x")
    secret.chmod(0)
    options = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
    try:
        code, out, complaints = program.run("verify", secret, **options)
        steps.check(code == 2 and not out and b"permission denied" in complaints, f"an unreadable file is told: {complaints.decode().strip()}")
    except PermissionError:
        pass  # the program itself lies where only root can read it
    looped = folder / "loop"
    looped.symlink_to(looped)
    code, out, complaints = program.run("verify", looped)
    steps.check(code == 2 and not out and b"cannot be read" in complaints, "a link to itself is told")
    before = [(path.name, path.stat().st_mtime_ns, path.stat().st_size) for path in sorted(GOLDEN.iterdir())]
    program.run("verify", "honest-full.period", "--policy", "gateway.card")
    program.run("inspect", "honest-full.period")
    after = [(path.name, path.stat().st_mtime_ns, path.stat().st_size) for path in sorted(GOLDEN.iterdir())]
    steps.check(before == after, "checking writes nothing beside the file")
    read_only = folder / "read-only"
    shutil.copy(GOLDEN / "honest-full.period", read_only)
    read_only.chmod(stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH)
    steps.check(program.run("verify", read_only, "--policy", "gateway.card")[0] == 0, "a file that cannot be written is checked")


def inspections(steps, program, parts):
    """What inspect sees by itself is what it sees when told."""
    for kind, path in (("period", GOLDEN / "honest-full.period"), ("reading", GOLDEN / "reading-honest.reading"), ("card", GOLDEN / "gateway.card"),
                       ("note", parts / "10-checkpoints/00000003.note"), ("block", parts / "11-anchors/00000003.block"),
                       ("milestone", parts / "12-beacons/00000003.milestone")):
        seen, told = program.run("inspect", path), program.run("inspect", kind, path)
        steps.check(seen == told and seen[0] == 0, f"a {kind} is seen from its bytes")
        code, out, _ = program.run("inspect", path, "--json")
        steps.check(code == 0 and kind in json.loads(out)["kind"].replace("signed note", "note"), f"a {kind} as JSON")
        wrong = [other for other in ("period", "reading", "card", "note", "block", "milestone") if other != kind
                 and program.run("inspect", other, path)[0] != 2]
        steps.check(not wrong, f"a {kind} is nothing else: {wrong}")
    for kind, path in (("block", "11-anchors/00000003.block"), ("milestone", "12-beacons/00000003.milestone")):
        data = (parts / path).read_bytes()
        shown = program.run("inspect", parts / path)[1]
        for text in ("0x" + data.hex(), data.hex(), "0x" + data.hex().upper()):
            steps.check(program.run("inspect", kind, text)[:2] == (0, shown) == program.run("inspect", text)[:2], f"a {kind} as hexadecimal {text[:10]}…")


def hostile(steps, program, folder):
    """Names of others never steer the auditor's terminal."""
    origin = b"gw-krysset/b/fjordbygget/0"
    evils = [b"\x1b[2J\x1b[31m", b"\x1b]0;owned\x07", b"\xc2\x9b31m", b"\xe2\x80\xae", b"\r\b\b\b", b"\x00\x7f", b"\n\n\nHolds.\n"]
    wrong, tried = [], 0
    for evil in evils:
        name = (b"gw-krysset/" + evil + b"x" * len(origin))[:len(origin)]
        for file in ("reading-honest.reading", "reading-card-inside.reading", "honest-full.period"):
            path = folder / "hostile"
            path.write_bytes((GOLDEN / file).read_bytes().replace(origin, name))
            for words in (("verify", path, "--policy", "gateway.card"), ("verify", path), ("verify", path, "--json"), ("inspect", path), ("inspect", path, "--json")):
                code, out, complaints = program.run(*words)
                tried += 1
                if steering(out + complaints) or code not in (0, 1, 2) or re.search(rb"(?m)^Holds\.$", out):
                    wrong.append((file, words[0], evil, out[:200], complaints[:200]))
        card = folder / "hostile.card"
        card.write_bytes((GOLDEN / "gateway.card").read_bytes().replace(b"Nordlys Nettlag", b"Nord" + evil).replace(b"private-nord-1", b"private" + evil))
        for words in (("verify", "honest-full.period", "--policy", card), ("inspect", card), ("inspect", card, "--json")):
            code, out, complaints = program.run(*words)
            tried += 1
            if steering(out + complaints) or code not in (0, 1, 2):
                wrong.append(("card", words[0], evil, out[:200], complaints[:200]))
        if b"\x00" not in evil:
            word = evil.decode()
            for words in ((word,), ("help", word), ("verify", word), ("verify", "honest-full.period", "--policy", word), ("verify", "--" + word),
                          ("verify", "x", "--from", word), ("verify", "x", "--from", "2026-01-01T00:00:00" + word), ("inspect", word), ("inspect", word, "x")):
                code, out, complaints = program.run(*words)
                tried += 1
                if steering(out + complaints) or code not in (1, 2, 64):
                    wrong.append(("words", words, code, out[:200], complaints[:200]))
    archive = folder / "hostile.tar"
    with tarfile.open(archive, "w", format=tarfile.USTAR_FORMAT) as tar:
        tar.addfile(tarfile.TarInfo("00-\x1b[31mred"))
    for words in (("verify", archive), ("inspect", archive)):
        code, out, complaints = program.run(*words)
        if steering(out + complaints):
            wrong.append(("archive", words, out, complaints))
    steps.check(not wrong, f"{tried} hostile names stay off the terminal; wrong: {wrong[:3]}")


def main():
    program = Program(programs().plumbline)
    steps = Steps("cli")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="plumbline-cli."))
    folder.chmod(0o755)
    try:
        parts = folder / "parts"
        with tarfile.open(GOLDEN / "honest-full.period") as archive:
            archive.extractall(parts, filter="data")
        (parts / "table.csv").write_text(TABLE)
        texts(steps, program, parts)
        findings(steps, program)
        colours(steps, program)
        streams(steps, program)
        files(steps, program, folder)
        inspections(steps, program, parts)
        hostile(steps, program, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    steps.finish()


if __name__ == "__main__":
    main()
