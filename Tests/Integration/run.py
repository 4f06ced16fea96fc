"""Runs every integration test and says which passed. Needs the release build and the Python packages of Deploy/prepare --tests.

    .build/venv/bin/python Tests/Integration/run.py [--long] [NAME ...]"""

import pathlib
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
RELEASE = HERE.parents[1] / ".build" / "release"
TESTS = {
    "bad_input": ["bad_input.py"],
    "cli": ["cli.py"],
    "foreign": ["foreign.py"],
    "configuration": ["configuration.py"],
    "daemon": ["daemon.py"],
    "real_input": ["real_input.py"],
    "stock_client": ["stock_client.py"],
    "external_node": ["external_node.py"],
    "power": ["power.py"],
    "readme": ["readme.py"],
    "page": ["../Page/run.py", "--mock"],
    "page_live": ["page_live.py"],
}
SECONDS_MAX = 900


def main():
    long = "--long" in sys.argv
    names = [name for name in sys.argv[1:] if not name.startswith("-")] or list(TESTS)
    failed = []
    for name in names:
        script, *options = TESTS[name]
        if name == "power" and long:
            options += ["--kills", "50"]
        if name == "bad_input" and long:
            options += ["--rounds", "2000"]
        if name == "stock_client":
            options += ["--plumblined", str(RELEASE / "plumblined"), "--plumbline", str(RELEASE / "plumbline")]
        started = time.monotonic()
        print(f"== {name}", flush=True)
        try:
            code = subprocess.run([sys.executable, str(HERE / script), *options], timeout=SECONDS_MAX, cwd=HERE).returncode
        except subprocess.TimeoutExpired:
            code = f"not ended after {SECONDS_MAX} s"
        print(f"== {name}: {'passed' if code == 0 else f'FAILED ({code})'} in {time.monotonic() - started:.0f} s", flush=True)
        if code != 0:
            failed.append(name)
    print(f"{len(names) - len(failed)} passed, {len(failed)} failed", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
