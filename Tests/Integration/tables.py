"""Goal: `plumbline export` writes what the evidence holds and nothing else, and `check-table` finds every row that says otherwise.
Method: golden files read a second way, with cbor2 and decimal; tables written by Python's csv, then changed cell by cell."""

import csv
import datetime
import decimal
import io
import json
import pathlib
import shutil
import struct
import subprocess
import tarfile
import tempfile

import cbor2

from harness import ROOT, Steps, programs

GOLDEN = ROOT / "Tests" / "Vectors" / "evidence"
HONEST = ["honest-full.period", "honest-narrower.period", "honest-erased.period", "honest-last-anchor.period", "honest-card-inside.period"]
COLUMNS = ["at_utc", "point", "value", "raw", "unit", "quality", "source_utc", "k", "stream"]
QUALITIES = ["good", "overridden", "no-value", "stale", "offline", "out-of-range", "suspect", "estimated", "device-fault"]


def text(ms):
    return datetime.datetime.fromtimestamp(ms / 1000, datetime.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def shortest(bits):
    number = struct.unpack(">f" if len(bits) == 4 else ">d", bits)[0]
    for digits in range(1, 18):
        word = f"{number:.{digits}g}"
        if struct.pack(">f" if len(bits) == 4 else ">d", float(word)) == bits:
            return decimal.Decimal(word)
    return None


def said(cell):
    """A cell of the column `value`: a number, or a text as it was captured."""
    try:
        return decimal.Decimal(cell) if cell else None
    except decimal.InvalidOperation:
        return cell.removeprefix("'")


def expected(path):
    """(time, point, value or None, unit, quality, k, stream) of every disclosed reading in the time the file was made for."""
    with tarfile.open(path) as archive:
        members = {info.name: archive.extractfile(info).read() for info in archive.getmembers()}
    manifest = cbor2.loads(members["00-manifest.cbor"])
    begin, end = manifest[5], manifest[6]
    rows_of = {}
    for config_hash, items in cbor2.loads(members["05-configs.cbor"]):
        for kind, item in items[1:]:
            if kind == 0:
                for row in cbor2.loads(item)[4]:
                    rows_of[config_hash, row[0]] = row
    config_of, leaves, at = {}, members["03-leaves"], 0
    while at < len(leaves):
        size = int.from_bytes(leaves[at:at + 2], "big")
        leaf = cbor2.loads(leaves[at + 2:at + 2 + size])
        at += 2 + size
        if leaf[1] == 1:
            config_of[leaf[5]] = (leaf[6], leaf[11])
    found = []
    for name in sorted(members):
        if not name.startswith("30-items/"):
            continue
        data, at = members[name], 0
        while at < len(data):
            kind, k, stream = data[at], int.from_bytes(data[at + 1:at + 9], "big"), int.from_bytes(data[at + 9:at + 13], "big")
            at += 13
            if kind != 0:
                at += 32
                continue
            size = int.from_bytes(data[at:at + 4], "big")
            item = cbor2.loads(data[at + 4:at + 4 + size])
            at += 4 + size
            period, config_hash = config_of[k]
            quads = cbor2.loads(item[4])
            for point, dt, quality, value in zip(*[iter(quads)] * 4):
                if isinstance(value, list):
                    value = value[1]
                row = rows_of[config_hash, point]
                number = decimal.Decimal(value) if isinstance(value, int) else shortest(value) if isinstance(value, bytes) and row[3] in (1, 2) else None
                if isinstance(value, str):
                    number = decimal.Decimal(value) if row[3] == 5 else value
                if isinstance(number, decimal.Decimal):
                    number = number * row[4] * decimal.Decimal(10) ** row[5] + row[6] * decimal.Decimal(10) ** row[7]
                if begin <= k * period + dt < end:
                    found.append((text(k * period + dt), row[1], number, row[2], QUALITIES[quality], str(k), str(item[1])))
    return sorted(found, key=str)


class Program:
    def __init__(self, path, folder):
        self.path, self.folder = path, folder

    def run(self, *words, data=None):
        done = subprocess.run([self.path, *map(str, words)], cwd=GOLDEN, input=data, capture_output=True, timeout=120)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def check(self, rows, *words, file="honest-full.period", dialect="excel", header=None, columns=COLUMNS):
        out = io.StringIO()
        writer = csv.DictWriter(out, columns, dialect=dialect, extrasaction="ignore")
        writer.writerow(dict(zip(columns, header or columns)))
        writer.writerows(rows)
        table = self.folder / "table.csv"
        table.write_text(out.getvalue())
        code, out, complaints = self.run("check-table", table, file, "--policy", "gateway.card", "--json", *words)
        return code, json.loads(out), complaints


def exports(steps, program):
    decimal.getcontext().prec = 60
    for file in HONEST:
        code, out, complaints = program.run("export", file, "--policy", "gateway.card")
        rows = list(csv.DictReader(io.StringIO(out)))
        have = sorted(((row["at_utc"], row["point"], said(row["value"]), row["unit"], row["quality"], row["k"], row["stream"]) for row in rows), key=str)
        want = expected(GOLDEN / file)
        steps.check(code == 0 and have == want and len(want) > 5 and complaints == "", f"{file}: {len(want)} readings, each as a second reader finds it {[pair for pair in zip(have, want) if pair[0] != pair[1]][:1]}")
        code, out, _ = program.run("export", file, "--policy", "gateway.card", "--jsonl")
        lines = [json.loads(line, parse_float=decimal.Decimal) for line in out.splitlines()]
        numbers = [None if not isinstance(said(row["value"]), decimal.Decimal) else said(row["value"]) for row in rows]
        same = [(line["at"], line["id"], line["value"]) for line in lines] == [(row["at_utc"], row["point"], number) for row, number in zip(rows, numbers)]
        steps.check(code == 0 and same, f"{file}: the same as JSON lines")


def refusals(steps, program):
    cases = json.loads((GOLDEN / "cases.json").read_text())
    listed = cases if isinstance(cases, list) else cases["cases"]
    wrong, tried = [], 0
    for case in listed:
        words = [case["file"]] + (["--policy", case["card"]] if case.get("card") else [])
        for option, name in (("--from", "t1"), ("--to", "t2")):
            words += [option, text(case[name])] if name in case else []
        code, out, _ = program.run("export", *words)
        rows = len(out.splitlines())
        tried += 1
        blind = [finding for finding in case["findings"] if finding.startswith("E_") or finding == "W_NO_POLICY"]
        if (blind and rows) or (not blind and not rows) or (blind and code == 0):
            wrong.append((case["file"], code, rows))
    steps.check(tried > 50 and not wrong, f"{tried} golden files: a table of those that hold, nothing of the others {wrong[:3]}")
    code, out, complaints = program.run("export", "honest-full.period")
    steps.check(code == 2 and out.startswith("at_utc,") and "W_POLICY_FROM_FILE" in complaints, "without a card the table is written and the exit code says that nobody vouches")
    code, out, _ = program.run("check-table", "-", "item-altered.period", "--policy", "gateway.card", data=b"time,point,value\n")
    steps.check(code == 1 and "compared with nothing" in out, "a table is not compared with evidence that does not hold")


def checks(steps, program):
    _, out, _ = program.run("export", "honest-full.period", "--policy", "gateway.card")
    rows = list(csv.DictReader(io.StringIO(out)))
    code, report, _ = program.check(rows)
    steps.check(code == 0 and report["agrees"] and report["agreeing"] == len(rows), f"the exported table agrees: {report['agreeing']} of {len(rows)} rows")
    numbers = [place for place, row in enumerate(rows) if isinstance(said(row["value"]), decimal.Decimal)]
    missed = []
    for place in numbers:
        changed = [dict(row) for row in rows]
        changed[place]["value"] = str(decimal.Decimal(changed[place]["value"]) + decimal.Decimal("0.0001"))
        code, report, _ = program.check(changed)
        if code != 1 or [row["line"] for row in report["differing"]] != [place + 2] or report["differing"][0]["evidence"] is None:
            missed.append((place, code, report["differing"]))
    steps.check(len(numbers) > 5 and not missed, f"{len(numbers)} values changed by 0.0001, one at a time: each is found by its line {missed[:1]}")
    first = rows[numbers[0]]
    code, report, _ = program.check([first | {"at_utc": first["at_utc"].replace("T", "T0", 1)[:11] + "00:00:00.000Z"}])
    steps.check(code == 1 and report["differing"][0]["why"] == "not-in-evidence", "a reading at another time is not in the evidence")
    code, report, _ = program.check([first | {"unit": "furlong"}])
    steps.check(code == 1 and report["differing"][0]["why"] == "other-unit", "another unit is told")
    code, report, _ = program.check([first | {"point": "nobody.nothing"}])
    steps.check(code == 1 and report["differing"][0]["why"] == "not-in-evidence", "a point of no evidence is told")
    same = [row for row in rows if row["point"] == first["point"]]
    thinned = same[:1] + same[2:]
    code, report, _ = program.check(thinned)
    complete = program.check(thinned, "--complete")
    steps.check(len(same) > 2 and code == 0 and report["leftOut"] == 1 and complete[0] == 1, f"one of {len(same)} rows left out is counted, and an error with --complete")
    bad = [first, first | {"at_utc": "2026-03-02T10:00:00"}]
    code, report, _ = program.check(bad)
    steps.check(code == 2 and report["unreadable"] == [{"line": 3, "why": "its time has no zone; add Z or an offset"}], "a time without a zone is told with its line, the rest is judged")
    code, _, complaints = program.run("check-table", "honest-full.period", "honest-full.period", "--policy", "gateway.card")
    steps.check(code == 2 and ("is not CSV" in complaints or "has no column" in complaints), f"a file that is no table: {complaints.splitlines()[:1]}")
    short = [rows[place] for place in numbers]
    rounded = [row | {"value": str(round(decimal.Decimal(row["value"]), 0))} for row in short]
    code, report, _ = program.check(rounded, "--rounded")
    exact, _, _ = program.check(rounded)
    steps.check(code == 0 and exact in (0, 1), f"whole numbers of a bill agree with --rounded: {report['agreeing']} of {len(rounded)}")
    german = [row | {"value": row["value"].replace(".", ",")} for row in short]

    class German(csv.excel):
        delimiter = ";"

    code, report, _ = program.check(german, dialect=German, columns=["at_utc", "point", "value", "unit"], header=["Zeit", "Punkt", "Wert", "Einheit"])
    steps.check(code == 0 and report["agreeing"] == len(german), "a German table with other names agrees")
    code, out, _ = program.run("export", "honest-full.period", "--policy", "gateway.card", "--german")
    code, out, _ = program.run("check-table", "-", "honest-full.period", "--policy", "gateway.card", data=out.encode())
    steps.check(code == 0 and "Every row agrees" in out, "our own German table agrees, through a pipe")


def main():
    steps = Steps("tables")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="plumbline-tables."))
    try:
        program = Program(programs().plumbline, folder)
        exports(steps, program)
        refusals(steps, program)
        checks(steps, program)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    steps.finish()


if __name__ == "__main__":
    main()
