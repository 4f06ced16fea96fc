"""Goal: the tests run the same on a new machine, from wherever that machine takes its packages.
Method: Deploy/prepare and the tests read as text: versions are pinned, and nothing names a place to take packages from."""

import re
import shutil

from harness import ROOT, Steps

# Options that choose a registry, and addresses beside a package manager's name.
PLACES = re.compile(r"--(?:extra-)?index-url|--find-links|--trusted-host|--registry|sources\.list|PIP_INDEX|https?://(?!127\.0\.0\.1|localhost|\[::1\])[\w.-]*(?:pypi|npm|crates|debian|pythonhosted)")
NEEDED = ["socat", "cc", "pkg-config", "mosquitto", "mosquitto_pub", "openssl", "curl", "jq"]


def main():
    steps = Steps("packages")
    prepare = (ROOT / "Deploy" / "prepare").read_text()
    pins = re.search(r"python_packages=\(([^)]*)\)", prepare)
    loose = [name for name in pins[1].split() if "==" not in name] if pins else ["no list"]
    steps.check(not loose, f"Python packages have versions; without: {loose}")
    files = [path for folder in ("Deploy", "Tests", ".ci") for path in (ROOT / folder).rglob("*") if path.is_file() and path.suffix not in (".pyc", ".key", ".bin")]
    naming = [str(path.relative_to(ROOT)) for path in files if path.name != "packages.py" and PLACES.search(path.read_text(errors="ignore"))]
    steps.check(len(files) > 50 and not naming, f"{len(files)} files name no place to take packages from: {naming}")
    absent = [name for name in NEEDED if not shutil.which(name) and not shutil.which(name, path="/usr/sbin")]
    steps.check(not absent, f"the programs that tests start are there; not: {absent}")
    steps.finish()


if __name__ == "__main__":
    main()
