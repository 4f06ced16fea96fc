"""Every case of every list in Tests/Vectors/evidence and evidence-own: exit code and findings, exactly."""

import json
import pathlib
import sys

from verify import judge

VECTORS = pathlib.Path(__file__).resolve().parents[1] / "Vectors"


def main():
    passed = failed = 0
    for folder, case in ((path.parent, case) for path in sorted(VECTORS.glob("evidence*/*.json"))
                         for case in json.loads(path.read_text())["cases"]):
        card = (folder / case["card"]).read_bytes() if case["card"] else None
        code, findings = judge((folder / case["file"]).read_bytes(), card, case.get("t1"), case.get("t2"))
        if (code, findings) == (case["exit"], sorted(case["findings"])):
            passed += 1
        else:
            failed += 1
            print(f"FAIL  {case['file']}: {code} {findings}, expected {case['exit']} {sorted(case['findings'])}")
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main()
