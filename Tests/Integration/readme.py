"""Goal: every command that the README shows works when pasted. Method: the fenced `sh` blocks marked `<!-- tested -->`
are run in order, in one shell, against the release build; each block's printed `text` block that follows is compared
where it is marked `<!-- output -->` (lines with `…` match anything in their place)."""

import os
import pathlib
import re
import subprocess
import tempfile

from harness import ROOT, Steps, programs


def blocks(text):
    """(command, expected output or None) of every tested block."""
    pattern = re.compile(r"<!-- tested -->\n```sh\n(.*?)```\n(?:\n<!-- output -->\n```text\n(.*?)```\n)?", re.S)
    return pattern.findall(text)


def matches(expected, printed):
    parts = [re.escape(part) for part in expected.strip().split("…")]
    return re.fullmatch(".*?".join(parts), printed.strip(), re.S) is not None


def main():
    arguments = programs()
    steps = Steps("readme")
    work = tempfile.mkdtemp(prefix="plumbline-readme.")
    environment = dict(os.environ, PATH=f"{pathlib.Path(arguments.plumbline).parent}:{os.environ['PATH']}", NO_COLOR="1")
    for page in ("README.md", "Docs/audit.md", "Docs/operate.md"):
        found = blocks((ROOT / page).read_text())
        for command, expected in found:
            result = subprocess.run(["bash", "-euc", f"cd {ROOT}; export WORK={work}; {command}"], capture_output=True, text=True, timeout=300, env=environment)
            said = result.stdout + result.stderr
            first = command.strip().splitlines()[0]
            if not steps.check(result.returncode == 0 or "exit" in command, f"{page}: {first}"):
                print(said[-800:])
            if expected:
                if not steps.check(matches(expected, said), f"{page}: prints what the page shows"):
                    print(said[-1500:])
    steps.finish()


if __name__ == "__main__":
    main()
