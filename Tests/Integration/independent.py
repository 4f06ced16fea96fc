"""The verifier written from Docs/formats.md agrees with the auditor's program: on every golden case, and on damaged files."""

import pathlib
import subprocess
import sys

from harness import programs

INDEPENDENT = pathlib.Path(__file__).resolve().parents[1] / "Independent"


def main():
    plumbline = programs().plumbline
    failed = 0
    for command in (["cases.py"], ["receipt.py"], ["damage.py", "--plumbline", str(plumbline), "--count", "1000"],
                    ["witnesses.py", "--plumbline", str(plumbline)]):
        failed += subprocess.run([sys.executable, *command], cwd=INDEPENDENT).returncode != 0
    print(f"{4 - failed} passed, {failed} failed", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
