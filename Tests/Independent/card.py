"""The policy card, from Docs/formats.md section 4."""

from primitives import Bad, verifier_key


class Card:
    def __init__(self, text):
        code = "E_MALFORMED"
        lines = text.split("\n")
        if lines[-1] != "" or lines[0] != "plumbline-card/v1":
            raise Bad(code, "card")
        rows = [line.partition(" ")[::2] for line in lines[1:-1]]
        names = [name for name, _ in rows]
        once = ["origin", "log-key", "recovery-hash", "genesis", "network", "milestone"]
        keys = names.count("milestone-key")
        shape = once + ["milestone-key"] * keys + ["threshold", "min-pow-score"]
        shape += ["witness"] * names.count("witness") + ["tsa"] * names.count("tsa")
        if names != shape or keys == 0:
            raise Bad(code, "card lines")
        values = dict(rows)
        try:
            self.origin = values["origin"]
            self.log_key = values["log-key"]
            self.key_name, self.key_id, self.key = verifier_key(self.log_key, code)
            self.recovery_hash = bytes.fromhex(values["recovery-hash"])
            self.genesis = bytes.fromhex(values["genesis"])
            index, milestone = values["milestone"].split(" ")
            self.milestone = int(index), bytes.fromhex(milestone)
            self.milestone_keys = []
            for name, value in rows:
                if name == "milestone-key":
                    key, start, end, holder = value.split(" ", 3)
                    self.milestone_keys.append((bytes.fromhex(key), int(start), int(end), holder))
            self.threshold = int(values["threshold"])
            self.min_score = int(values["min-pow-score"])
        except ValueError:
            raise Bad(code, "card values") from None
        self.witnesses = [value for name, value in rows if name == "witness"]
        try:
            self.time_authorities = {bytes.fromhex(value) for name, value in rows if name == "tsa"}
        except ValueError:
            raise Bad(code, "tsa") from None
        if self.key_name != self.origin or len(self.genesis) != 32 or len(self.recovery_hash) != 32:
            raise Bad(code, "card")

    def notes(self):
        """Findings that the card alone gives."""
        notes = set()
        if {holder for *_, holder in self.milestone_keys} == {"operator"}:
            notes.add("W_SELF_NETWORK")
        if self.threshold == 1:
            notes.add("W_SINGLE_SIGNER")
        if not self.witnesses:
            notes.add("W_NO_OUTSIDE_MEMORY")
        return notes
