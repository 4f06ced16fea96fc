"""Goal: `plumbline audit` gives the verdict of `verify` and a report that counts what the file holds, in three forms and two languages.
Method: every golden file, honest and damaged; its counts again from the file's bytes with cbor2; the page by an HTML parser."""

import html.parser
import json
import pathlib
import subprocess
import tarfile
import tempfile

import cbor2

from harness import ROOT, Steps, programs

GOLDEN = ROOT / "Tests" / "Vectors" / "evidence"
SECONDS_MAX = 60
HONEST = ["honest-full.period", "honest-withheld.period", "honest-erased.period", "honest-narrower.period", "honest-last-anchor.period"]


def run(program, *words):
    result = subprocess.run([program, *map(str, words)], cwd=GOLDEN, capture_output=True, text=True, timeout=SECONDS_MAX)
    return result.returncode, result.stdout, result.stderr


class Page(html.parser.HTMLParser):
    """Tags that are open, and everything that would fetch or run something."""

    def __init__(self, text):
        super().__init__()
        self.open, self.foreign, self.words, self.language = [], [], [], None
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        if tag == "html":
            self.language = dict(attributes)["lang"]
        if tag in ("script", "link", "img", "iframe", "object", "embed", "base", "form") or any(
            name in ("src", "href", "srcset", "action") or name.startswith("on") for name, _ in attributes
        ):
            self.foreign.append(tag)
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag

    def handle_data(self, data):
        self.words.append(data)


def counted(path):
    """Readings by point id of the disclosed items in the time the file was made for, and intervals in it."""
    with tarfile.open(path) as archive:
        members = {info.name: archive.extractfile(info).read() for info in archive.getmembers()}
    begin, end = cbor2.loads(members["00-manifest.cbor"])[5:7]
    names = {}
    for _, items in cbor2.loads(members["05-configs.cbor"]):
        for kind, item in items[1:]:
            if kind == 0:
                names.update({row[0]: row[1] for row in cbor2.loads(item)[4]})
    intervals, at, period = set(), 0, None
    leaves = members["03-leaves"]
    while at < len(leaves):
        size = int.from_bytes(leaves[at:at + 2], "big")
        leaf = cbor2.loads(leaves[at + 2:at + 2 + size])
        at += 2 + size
        if leaf[1] == 1:
            period = leaf[6]
            if begin // period <= leaf[5] <= (end - 1) // period:
                intervals.add(leaf[5])
    readings = {}
    for name, data in members.items():
        at = 0
        while name.startswith("30-items/") and at < len(data):
            kind, k = data[at], int.from_bytes(data[at + 1:at + 9], "big")
            if kind:
                at += 13 + 32
                continue
            size = int.from_bytes(data[at + 13:at + 17], "big")
            payload = cbor2.loads(cbor2.loads(data[at + 17:at + 17 + size])[4])
            at += 17 + size
            if k in intervals:
                for point in payload[::4]:
                    readings[names[point]] = readings.get(names[point], 0) + 1
    return readings, len(intervals)


def all_files(steps, program):
    wrong, count = [], 0
    for path in sorted(GOLDEN.glob("*.period")) + sorted(GOLDEN.glob("*.reading")):
        count += 1
        code, out, _ = run(program, "verify", path.name, "--policy", "gateway.card", "--json")
        audited, report, _ = run(program, "audit", path.name, "--policy", "gateway.card", "--json")
        same = json.loads(out)
        said = json.loads(report)
        if code != audited or said["verdict"] != same or said["exit"] != code:
            wrong.append(path.name)
    steps.check(not wrong, f"{count} golden files: exit code and verdict of audit are those of verify; wrong: {wrong[:3]}")


def counts(steps, program):
    wrong = []
    for name in HONEST:
        readings, intervals = counted(GOLDEN / name)
        report = json.loads(run(program, "audit", name, "--policy", "gateway.card", "--json")[1])
        if {p["id"]: p["readings"] for p in report["points"] if p["readings"]} != readings or report["intervals"]["logged"] != intervals:
            wrong.append((name, readings, report["points"]))
        for part in report["parts"]:
            if not part["notBefore"] < part["notAfter"]:
                wrong.append((name, part))
    steps.check(not wrong, f"readings by point and intervals of {len(HONEST)} files are those that cbor2 counts; every part has its bounds; wrong: {wrong[:1]}")


def forms(steps, program):
    with tempfile.TemporaryDirectory() as folder:
        wrong = []
        for name in ["honest-full.period", "honest-erased.period", "item-altered.period", "tar-truncated.period", "reading-config.reading"]:
            for language in ("en", "de"):
                target = pathlib.Path(folder) / "report.html"
                code, text, _ = run(program, "audit", name, "--policy", "gateway.card", "--lang", language, "--html", target)
                page = Page(target.read_text())
                sentence = json.loads(run(program, "audit", name, "--policy", "gateway.card", "--lang", language, "--json")[1])["verdict"]["sentence"]
                if page.open or page.foreign or page.language != language or sentence not in page.words:
                    wrong.append((name, language, page.foreign))
                if sentence.split()[:3] != text.split("\n\n")[1].split()[:3]:
                    wrong.append((name, language, "text"))
        steps.check(not wrong, f"pages are whole, speak their language and fetch nothing; wrong: {wrong[:2]}")
        code, _, said = run(program, "audit", "honest-full.period", "--policy", "gateway.card", "--html", pathlib.Path(folder) / "no" / "such.html")
        steps.check(code == 2 and "cannot be written" in said, "a page that cannot be written is told, exit 2")


def scope(steps, program):
    whole = json.loads(run(program, "audit", "honest-full.period", "--policy", "gateway.card", "--json")[1])
    first = whole["points"][0]
    code, out, _ = run(program, "audit", "honest-full.period", "--policy", "gateway.card", "--json", "--point", first["id"])
    narrow = json.loads(out)
    steps.check(code == 0 and narrow["points"] == [first] and narrow["verdict"] == whole["verdict"], "one point: the same counts, the verdict of the whole file")
    code, out, said = run(program, "audit", "honest-full.period", "--policy", "gateway.card", "--json", "--point", "no.such", "--stream", "999")
    steps.check(code == 2 and json.loads(out)["notShown"] == ["stream 999", "point no.such"] and "does not show" in said, "what the file does not show is told, exit 2")
    code, _, said = run(program, "audit", "honest-full.period", "--lang", "fr")
    steps.check(code == 64 and "en or de" in said, "another language is wrong usage")


def main():
    steps = Steps("audit")
    program = programs().plumbline
    all_files(steps, program)
    counts(steps, program)
    forms(steps, program)
    scope(steps, program)
    steps.finish()


if __name__ == "__main__":
    main()
