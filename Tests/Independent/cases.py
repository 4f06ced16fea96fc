"""Every case of Tests/Vectors/evidence/cases.json: exit code and findings, exactly."""

import json
import pathlib
import sys

from verify import judge

VECTORS = pathlib.Path(__file__).resolve().parents[1] / "Vectors" / "evidence"


def main():
    passed = failed = 0
    for case in json.loads((VECTORS / "cases.json").read_text())["cases"]:
        card = (VECTORS / case["card"]).read_bytes() if case["card"] else None
        code, findings = judge((VECTORS / case["file"]).read_bytes(), card, case.get("t1"), case.get("t2"))
        if (code, findings) == (case["exit"], sorted(case["findings"])):
            passed += 1
        else:
            failed += 1
            print(f"FAIL  {case['file']}: {code} {findings}, expected {case['exit']} {sorted(case['findings'])}")
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main()
