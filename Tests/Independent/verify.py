"""An independent verifier of Plumbline's files, written from Docs/formats.md alone.

    python verify.py FILE [--policy CARD] [--from MS] [--to MS]

Prints the findings, one a line, sorted. Exit code as in section 7."""

import argparse
import pathlib
import sys

import reading
from card import Card
from period import PeriodAudit
from primitives import Bad


def judge(data, card_bytes, from_ms=None, to_ms=None):
    """(exit code, sorted findings)."""
    try:
        card = Card(card_bytes.decode("utf-8")) if card_bytes is not None else None
        if data[257:262] == b"ustar" or data[:1] == b"0":
            findings = PeriodAudit(data, card, from_ms, to_ms).run()
        else:
            findings = reading.audit(data, card)
    except Bad as bad:
        findings = {bad.code}
    except UnicodeDecodeError:
        findings = {"E_MALFORMED"}
    hard = {f for f in findings if f.startswith("E_") and f not in ("E_VERSION", "E_UNKNOWN_KEY")}
    soft = findings & {"E_VERSION", "E_UNKNOWN_KEY", "W_POLICY_FROM_FILE", "W_NO_POLICY"}
    return (1 if hard else 2 if soft else 0), sorted(findings)


def main():
    parser = argparse.ArgumentParser(description="Checks a Plumbline file offline.")
    parser.add_argument("file", type=pathlib.Path)
    parser.add_argument("--policy", type=pathlib.Path)
    parser.add_argument("--from", dest="from_ms", type=int)
    parser.add_argument("--to", dest="to_ms", type=int)
    arguments = parser.parse_args()
    try:
        data = arguments.file.read_bytes()
        card = arguments.policy.read_bytes() if arguments.policy else None
    except OSError as error:
        sys.exit(f"verify.py: {error}")
    code, findings = judge(data, card, arguments.from_ms, arguments.to_ms)
    print("\n".join(findings))
    sys.exit(code)


if __name__ == "__main__":
    main()
