"""Runs every integration test and says which passed. Needs the release build and the Python packages of Deploy/prepare --tests.

    .build/venv/bin/python Tests/Integration/run.py [--long] [NAME ...]

Tests that compute or drive a browser run alone; those that mostly wait for lines and time-outs run two at a time afterwards."""

import pathlib
import subprocess
import sys
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
RELEASE = HERE.parents[1] / ".build" / "release"
ALONE = {
    "packages": ["packages.py"],
    "profiles": ["profiles.py"],
    "bad_input": ["bad_input.py"],
    "cli": ["cli.py"],
    "tables": ["tables.py"],
    "audit": ["audit.py"],
    "foreign": ["foreign.py"],
    "independent": ["independent.py"],
    "bench_evidence": ["bench_evidence.py"],
    "configuration": ["configuration.py"],
    "daemon": ["daemon.py"],
    "stock_client": ["stock_client.py"],
    "external_node": ["external_node.py"],
    "timestamp": ["timestamp.py"],
    "readme": ["readme.py"],
    "page": ["../Page/run.py", "--mock"],
    "page_live": ["page_live.py"],
}
# The longest first, so that the two lanes end together.
WAITING = {
    "node_failover": ["node_failover.py"],
    "soak": ["soak.py"],
    "node_events": ["node_events.py"],
    "field_faults": ["field_faults.py"],
    "keys": ["keys.py"],
    "erasure": ["erasure.py"],
    "field_serial": ["field_serial.py"],
    "power": ["power.py"],
    "field_pymodbus": ["field_pymodbus.py"],
    "reload": ["reload.py"],
    "real_input": ["real_input.py"],
    "commands": ["commands.py"],
    "trail": ["trail.py"],
    "tools": ["tools.py"],
}
LONG = {"power": ["--kills", "50"], "bad_input": ["--rounds", "2000"], "soak": ["--minutes", "30"]}
LANES = 2
SECONDS_MAX, SECONDS_MAX_LONG = 900, 3600


def listed():
    """The tests that run alone; a new file that is a test and that nobody listed is one of them."""
    files = {script for script, *_ in [*ALONE.values(), *WAITING.values()]}
    new = sorted(path for path in HERE.glob("*.py") if path.name not in files and path.name != "run.py" and 'if __name__ == "__main__":' in path.read_text())
    return {**ALONE, **{path.stem: [path.name] for path in new}}


class Runs:
    def __init__(self, long):
        self.long, self.failed, self.lock = long, [], threading.Lock()

    def run(self, name, command, is_shown_at_once):
        script, *options = command
        options += LONG.get(name, []) if self.long else []
        if name == "stock_client":
            options += ["--plumblined", str(RELEASE / "plumblined"), "--plumbline", str(RELEASE / "plumbline")]
        started, seconds = time.monotonic(), SECONDS_MAX_LONG if self.long else SECONDS_MAX
        if is_shown_at_once:
            print(f"== {name}", flush=True)
        kept = {} if is_shown_at_once else {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "errors": "replace"}
        said = ""
        try:
            result = subprocess.run([sys.executable, str(HERE / script), *options], timeout=seconds, cwd=HERE, **kept)
            code, said = result.returncode, result.stdout or ""
        except subprocess.TimeoutExpired as error:
            code, said = f"not ended after {seconds} s", error.stdout or ""
            said = said.decode(errors="replace") if isinstance(said, bytes) else said
        with self.lock:
            if not is_shown_at_once:
                print(f"== {name}\n{said}", end="", flush=True)
            print(f"== {name}: {'passed' if code == 0 else f'FAILED ({code})'} in {time.monotonic() - started:.0f} s", flush=True)
            if code != 0:
                self.failed.append(name)

    def lanes(self, waiting):
        todo = list(waiting.items())

        def lane():
            while True:
                with self.lock:
                    if not todo:
                        return
                    name, command = todo.pop(0)
                self.run(name, command, False)

        threads = [threading.Thread(target=lane) for _ in range(LANES)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def main():
    runs = Runs("--long" in sys.argv)
    wanted = [name for name in sys.argv[1:] if not name.startswith("-")]
    alone = listed()
    unknown = [name for name in wanted if name not in alone and name not in WAITING]
    if unknown:
        sys.exit(f"no such test: {' '.join(unknown)}; there are {' '.join([*alone, *WAITING])}")
    alone, waiting = ({name: command for name, command in tests.items() if not wanted or name in wanted} for tests in (alone, WAITING))
    for name, command in alone.items():
        runs.run(name, command, True)
    runs.lanes(waiting)
    print(f"{len(alone) + len(waiting) - len(runs.failed)} passed, {len(runs.failed)} failed {' '.join(runs.failed)}".rstrip(), flush=True)
    sys.exit(1 if runs.failed else 0)


if __name__ == "__main__":
    main()
