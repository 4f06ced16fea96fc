"""Goal: an editor that knows only the JSON Schema tells a person what the gateway would refuse. Method: every shipped profile
through jsonschema, which is not ours; then one mistake at a time in sound profiles, each of which the schema must refuse, and
`plumblined profile check` as well."""

import copy
import json
import pathlib
import re
import subprocess
import sys
import tempfile

from harness import ROOT, Steps, programs

try:
    import yaml
    from jsonschema import Draft202012Validator
except ImportError as missing:
    sys.exit(f"profiles: {missing}; run Deploy/prepare --tests")

FOLDER = ROOT / "DeviceProfiles"
FIRST_LINE = "# yaml-language-server: $schema=profile.schema.json\n"


class Core(yaml.SafeLoader):
    """YAML 1.2 core schema, as our reader has it: `off` is a word, and keys are text."""


Core.yaml_implicit_resolvers = {}
Core.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))
Core.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""])
Core.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^-?(?:0x[0-9a-fA-F]+|[0-9]+)$"), list("-0123456789"))
Core.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?$"), list("-+0123456789"))


def read(text):
    def keys(value):
        if isinstance(value, dict):
            return {str(key): keys(item) for key, item in value.items()}
        return [keys(item) for item in value] if isinstance(value, list) else value

    return keys(yaml.load(text, Loader=Core))


def mistakes():
    """Sound profile, path to a place in it, what is put there (DELETE takes it away)."""
    meter, sun, pump, box = "eastron-sdm630", "sunspec-inverter", "nibe-s1255", "alfen-eve"
    point = ("points", "power.active")
    yield meter, ("profile",), "Has Capitals"
    yield meter, ("revision",), 0
    yield meter, ("transport",), "profinet"
    yield meter, ("confidence",), "D"
    yield meter, ("provenance",), []
    yield meter, ("provenance",), DELETE
    yield meter, ("models",), 7
    yield meter, ("vendor",), DELETE
    yield meter, ("vender",), "Eastron"
    yield meter, ("notes",), {"a": "b"}
    yield meter, ("points",), {}
    yield meter, ("points", "Total Power"), {"address": 1, "type": "u16", "nature": "gauge", "brick": "Sensor"}
    yield meter, ("defaults", "function"), 5
    yield meter, ("defaults", "order"), "ABDC"
    yield meter, ("defaults", "addressing"), "one"
    yield meter, ("defaults", "topic"), "{root}"
    yield meter, ("read", "maxRegisters"), 126
    yield meter, ("read", "maxRegisters"), "80"
    yield meter, ("read", "gap"), -1
    yield meter, ("read", "boundaries"), [65536]
    yield meter, ("availability",), {"topic": "t", "online": "1", "offline": "0"}
    yield meter, ("identify",), [{"address": 1}]
    yield meter, ("identify",), [{"address": 1, "words": [1], "oneOf": [1]}]
    yield meter, ("identify",), [{"address": 1, "oneOf": []}]
    yield meter, ("identify",), [{"address": 1, "words": [65536]}]
    yield meter, ("identify",), [{"address": 1, "words": [1], "function": 1}]
    for key, value in [
        ("address", DELETE), ("address", 65536), ("address", -1), ("address", "52"), ("function", 5), ("type", "float"),
        ("type", "number"), ("type", "bit"), ("type", "bits"), ("type", "text"), ("words", 2), ("bit", 3),
        ("bits", [0, 3]), ("order", "abcd"), ("scale", 0), ("scale", "0.1"), ("offset", "x"), ("unit", "kWh"),
        ("nature", "gague"), ("nature", DELETE), ("brick", "Electrical_Power_Sensor"), ("brick", DELETE),
        ("flow", "in"), ("privacy", "secret"), ("notAvailable", "0x8000"), ("notAvailable", [-1]), ("values", []),
        ("values", {"off": 0}), ("path", "$.a"), ("topic", "{root}"), ("plain", True), ("adress", 52), ("note", 7),
        ("scaleRegister", 53), ("write", {"function": 16, "min": 0, "max": 1}),
    ]:
        yield meter, (*point, key), value
    yield sun, ("points", "power.active", "scaleRegister"), 65536
    yield sun, ("points", "serial", "words"), 65
    yield sun, ("points", "serial", "words"), DELETE
    yield sun, ("points", "serial", "scale"), 0.1
    yield sun, ("points", "serial", "notAvailable"), [0]
    yield sun, ("points", "event.ground-fault", "bit"), 64
    yield sun, ("points", "event.ground-fault", "bit"), DELETE
    yield sun, ("points", "event.ground-fault", "write"), {"function": 6}
    write = ("points", "heating.offset.1", "write")
    for key, value in [
        ("function", 3), ("function", DELETE), ("address", 65536), ("min", DELETE), ("max", DELETE), ("min", "low"),
        ("step", 0), ("every", 10), ("every", "soon"), ("topic", "{root}/set"), ("payload", "{value}"), ("unit", "Cel"),
    ]:
        yield pump, (*write, key), value
    yield pump, ("points", "heating.offset.1", "nature"), "gauge"
    yield pump, ("points", "hot-water.demand", "write", "min"), 0
    yield box, ("points", "mode3.state", "words"), 0
    for key, value in [
        ("point", DELETE), ("value", DELETE), ("words", DELETE), ("words", [65536]), ("words", ["0x1"]), ("topic", "root"),
        ("payload", "{}"), ("words", []), ("value", [1]), ("comment", "x"),
    ]:
        yield meter, ("test", 0, key), value
    shelly = "shelly-pro-3em"
    name = next(iter(profiles[shelly]["points"]))
    for key, value in [
        ("path", DELETE), ("path", "a.b"), ("plain", True), ("address", 1), ("type", "u16"), ("order", "ABCD"),
        ("type", "enum"), ("retained", "keep"), ("topic", "a/+/b"), ("write", {"function": 6, "min": 0, "max": 1}),
    ]:
        yield shelly, ("points", name, key), value
    yield shelly, ("read",), {"gap": 1}
    yield shelly, ("identify",), [{"address": 1, "words": [1]}]
    yield shelly, ("defaults", "function"), 3


DELETE = object()
profiles = {}


def main():
    plumblined = programs().plumblined
    steps = Steps("profiles")
    schema = json.loads((FOLDER / "profile.schema.json").read_text())
    Draft202012Validator.check_schema(schema)
    validator = Draft202012Validator(schema)
    files = sorted(FOLDER.glob("*.yaml"))
    steps.check(len(files) >= 45, f"{len(files)} profiles are shipped")
    for file in files:
        text = file.read_text()
        profiles[file.stem] = read(text)
        faults = [f"{fault.json_path}: {fault.message[:200]}" for fault in validator.iter_errors(profiles[file.stem])]
        steps.check(not faults, f"{file.name} is what the schema describes {faults[:3] or ''}")
        steps.check(text.startswith(FIRST_LINE), f"{file.name} names the schema to an editor")
    accepted, damages = [], []
    for name, path, value in mistakes():
        damaged = copy.deepcopy(profiles[name])
        place = damaged
        for key in path[:-1]:
            place = place.setdefault(key, {}) if isinstance(place, dict) else place[key]
        if value is DELETE:
            del place[path[-1]]
        else:
            place[path[-1]] = value
        damages.append((f"{name}: {'.'.join(map(str, path))} = {'(missing)' if value is DELETE else value!r}", path[-1], damaged))
        if validator.is_valid(damaged):
            accepted.append(damages[-1][0])
    steps.check(not accepted, f"{len(damages)} mistakes are refused by the schema {accepted or ''}")
    read_as_json(steps, plumblined, damages)
    described = [
        path for path, node in properties(schema, "$") if "description" not in node and "$ref" not in node]
    steps.check(not described, f"every key has a description for the editor {described or ''}")
    steps.finish()
    sys.exit(1 if steps.failed else 0)


def read_as_json(steps, plumblined, damages):
    """The reader agrees with the schema. A profile written as JSON is YAML too."""
    with tempfile.TemporaryDirectory() as folder:
        def stored(index, profile):
            file = pathlib.Path(folder) / str(index) / f"{profile['profile']}.yaml"
            file.parent.mkdir()
            file.write_text(json.dumps(profile))
            return file

        sound = [stored(f"sound-{name}", profile) for name, profile in profiles.items()]
        told = subprocess.run([plumblined, "profile", "check", *sound], capture_output=True, text=True)
        steps.check(told.returncode == 0, f"what the schema takes the reader takes: {len(sound)} profiles {told.stderr[:500]}")
        files = {str(stored(index, damaged)): what for index, (what, _, damaged) in enumerate(damages)}
        told = subprocess.run([plumblined, "profile", "check", "--json", *files], capture_output=True, text=True)
        answers = {answer["file"]: answer for answer in json.loads(told.stdout)["files"]}
        # Units and Brick classes are the twin's: the building file refuses the point. A number may stand for a text.
        loose = [what for (file, what), (_, key, _) in zip(files.items(), damages)
                 if not answers[file]["mistakes"] and key not in ("unit", "brick", "note", "models")]
        steps.check(told.returncode == 1 and not loose, f"the reader refuses the same mistakes {loose or ''}")
        unplaced = [what for file, what in files.items() if any(not mistake["line"] for mistake in answers[file]["mistakes"])
                    and "profile" not in what.split(": ")[1].split(" ")[0]]
        steps.check(not unplaced, f"and names the line of each {unplaced or ''}")


def properties(node, path):
    """Every key that a person can write, with what the schema says about it."""
    if isinstance(node, list):
        for index, item in enumerate(node):
            yield from properties(item, f"{path}[{index}]")
    if not isinstance(node, dict):
        return
    for key, item in node.items():
        if key in ("if", "then", "else", "allOf", "anyOf", "oneOf", "not") or key.endswith("Point"):
            continue
        if key == "properties":
            for name, inner in item.items():
                if isinstance(inner, dict):
                    yield f"{path}.{name}", inner
                    yield from properties(inner, f"{path}.{name}")
        elif key not in ("examples", "enum", "default", "const"):
            yield from properties(item, f"{path}.{key}")


if __name__ == "__main__":
    main()
