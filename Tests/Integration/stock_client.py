#!/usr/bin/env python3
"""The stock iota-sdk 1.1.4 (Rust core) against `plumblined tangle`: its own proof of work, its own parser, its own ids.

usage: stock_client.py --plumblined PATH [--plumbline PATH]

Needs a Python in which `import iota_sdk` gives 1.1.4. Prints one line a step; exit code 0 when all held, 1 otherwise."""

import argparse
import hashlib
import json
import pathlib
import sys
import tempfile
import time

from iota_sdk import Client, Utils
from iota_sdk.types.block import Block
from iota_sdk.types.payload import TaggedDataPayload

from harness import Steps, wait_for
from tangle_node import SCORE, Node, request

RAW = "application/vnd.iota.serializer-v1"
DATA = b"the first words of a building"
TAG = b"twa1-sdk"


def blake2b(data):
    return "0x" + hashlib.blake2b(data, digest_size=32).hexdigest()


def post_and_read(steps, client, node, utils):
    posted = client.build_and_post_block(tag="0x" + TAG.hex(), data="0x" + DATA.hex())
    block_id, block = posted[0], posted[1]
    steps.check(utils.block_id(block) == block_id, f"posted {block_id} with the SDK's own proof of work")

    metadata = wait_for("a milestone references the block", 20, lambda: (
        lambda found: found if found.referencedByMilestoneIndex else None)(client.get_block_metadata(block_id)))
    state = metadata.ledgerInclusionState
    steps.check(getattr(state, "value", state) == "noTransaction", f"referenced by milestone {metadata.referencedByMilestoneIndex}")

    raw = bytes(client.get_block_raw(block_id))
    steps.check(blake2b(raw) == block_id, "the raw bytes hash to the id")
    back = client.get_block_data(block_id)
    steps.check(utils.block_id(back) == block_id, "the JSON form, read by the SDK, has the same id")
    steps.check(back.payload.tag == "0x" + TAG.hex() and back.payload.data == "0x" + DATA.hex(),
                "tag and data come back")
    return block_id, raw, metadata.referencedByMilestoneIndex


def read_milestones(steps, client, node, index):
    milestone = client.get_milestone_by_index(index)
    raw = bytes(client.get_milestone_by_index_raw(index))
    status, direct = request(f"{node.url}/api/core/v2/milestones/by-index/{index}", accept=RAW)
    steps.check(milestone.index == index and status == 200 and raw == direct,
                f"milestone {index} in both forms")
    count = len(milestone.signatures)
    essence = raw[4:len(raw) - 1 - 97 * count]
    milestone_id = blake2b(essence)
    by_id = client.get_milestone_by_id(milestone_id)
    steps.check(by_id.index == index and bytes(client.get_milestone_by_id_raw(milestone_id)) == raw,
                "the same milestone by its id")
    following = wait_for("the next milestone", 20, lambda: client.get_milestone_by_index(index + 1)
                         if client.get_info().nodeInfo.status.latestMilestone.index > index else None)
    steps.check(following.previousMilestoneId == milestone_id and following.timestamp > milestone.timestamp,
                "the next milestone links back and is later")


def prove(steps, node, block_id, index):
    proof = node.get(f"/api/poi/v1/create/{block_id}")

    def fold(tree):
        if "value" in tree:
            return hashlib.blake2b(b"\0" + bytes.fromhex(tree["value"][2:]), digest_size=32).digest()
        if "h" in tree:
            return bytes.fromhex(tree["h"][2:])
        return hashlib.blake2b(b"\1" + fold(tree["l"]) + fold(tree["r"]), digest_size=32).digest()

    steps.check(proof["milestone"]["index"] == index
                and "0x" + fold(proof["proof"]).hex() == proof["milestone"]["inclusionMerkleRoot"],
                "the proof of inclusion folds to the milestone's root")
    status, answer = request(node.url + "/api/poi/v1/validate", body=json.dumps(proof).encode(),
                             content_type="application/json")
    steps.check(status == 200 and json.loads(answer) == {"valid": True}, "the node finds its proof valid")


def refuse(steps, node, raw):
    status, answer = request(node.url + "/api/core/v2/blocks", body=raw, content_type=RAW)
    steps.check(status == 201 and json.loads(answer)["blockId"] == blake2b(raw), "the same bytes again: the same id")
    for name, bad in (("without work", None), ("with a byte too many", raw + b"\0"), ("cut short", raw[:-9])):
        if bad is None:
            nonce = next(n for n in range(1000) if not has_work(raw[:-8] + n.to_bytes(8, "little")))
            bad = raw[:-8] + nonce.to_bytes(8, "little")
        status, answer = request(node.url + "/api/core/v2/blocks", body=bad, content_type=RAW)
        steps.check(status == 400 and json.loads(answer)["error"]["code"] == "400", f"a block {name} is refused")
    status, answer = request(f"{node.url}/api/core/v2/blocks/0x{'ab' * 32}")
    steps.check(status == 404 and json.loads(answer)["error"]["code"] == "404", "an unknown block is 404")


def has_work(block):
    """TIP-12 in a few slow lines: whether the block's score reaches SCORE."""
    trits = []
    for byte in hashlib.blake2b(block[:-8], digest_size=32).digest() + block[-8:]:
        value = byte - 256 if byte > 127 else byte
        for _ in range(6):
            trit = (value + 1) % 3 - 1
            trits.append(trit)
            value = (value - trit) // 3
    state = trits + [0] * (729 - len(trits))
    table = [1, 0, -1, 2, 1, -1, 0, 2, -1, 1, 0]
    places = [0]
    while len(places) < 730:
        places.append(places[-1] + 364 if places[-1] < 365 else places[-1] - 365)
    for _ in range(81):
        state = [table[state[places[k]] + 4 * state[places[k + 1]] + 5] for k in range(729)]
    zeros = 0
    while zeros < 243 and state[242 - zeros] == 0:
        zeros += 1
    return 3 ** zeros >= SCORE * len(block)


def foreign_blocks(steps, utils):
    """Ids by the SDK of blocks that neither it nor we made, as our vectors state them."""
    def theirs(form):
        payload = form["payload"]
        return Block(form["protocolVersion"], form["parents"], form["nonce"],
                     TaggedDataPayload(payload.get("tag", "0x"), payload.get("data", "0x")))

    path = pathlib.Path(__file__).resolve().parents[1] / "Vectors/tangle/blocks.json"
    blocks = [one for one in json.loads(path.read_text()) if one["has_payload"] and "payload" in one["block_json"]]
    wrong = [one["name"] for one in blocks if utils.block_id(theirs(one["block_json"])) != "0x" + one["block_id"]]
    steps.check(not wrong, f"the SDK agrees with {len(blocks)} ids of the vectors" + (f", not with {wrong}" if wrong else ""))


def rescue(steps, lazy, client, block_id):
    """The SDK promotes and reattaches a block that no milestone sees, when the node says that it may, and not before."""
    def metadata():
        return client.get_block_metadata(block_id)

    wait_for("the node asks for a promotion", 20, lambda: metadata().shouldPromote)
    promoted = client.promote(block_id)[0]
    form = lazy.get(f"/api/core/v2/blocks/{promoted}")
    steps.check(block_id in form["parents"] and "payload" not in form, "the SDK promotes a block that the node's milestones ignore")
    wait_for("the node asks for another attachment", 20, lambda: metadata().shouldReattach)
    again = client.reattach(block_id)[0]
    form = lazy.get(f"/api/core/v2/blocks/{again}")
    steps.check(again != block_id and form["payload"]["tag"] == "0x" + TAG.hex(), "and attaches it again when promotion is too late")
    index = wait_for("a milestone references the new block", 20, lambda: client.get_block_metadata(again).referencedByMilestoneIndex)
    steps.check(metadata().referencedByMilestoneIndex is None, f"the new block is referenced by milestone {index}, the old one by none")


def run(arguments):
    steps = Steps("iota-sdk")
    with tempfile.TemporaryDirectory(prefix="plumbline-sdk-") as directory, tempfile.TemporaryDirectory(prefix="plumbline-lazy-") as other:
        node, lazy = Node(arguments.plumblined, directory), Node(arguments.plumblined, other, "--fault", "ignore=19")
        try:
            # It ignores blocks for as long as the rest of this test and a little more takes.
            lazy.start()
            waiting = Client(nodes=[lazy.url], local_pow=True)
            ignored = waiting.build_and_post_block(tag="0x" + TAG.hex(), data="0x" + DATA.hex())[0]
            node.start()
            client = Client(nodes=[node.url], local_pow=True)
            info = client.get_info().nodeInfo
            steps.check(info.protocol.minPowScore == SCORE and info.status.isHealthy,
                        f"the SDK reads /info of {info.name} on {info.protocol.networkName}")
            steps.check(1 <= len(client.get_tips()) <= 8, "tips")
            foreign_blocks(steps, Utils)
            block_id, raw, index = post_and_read(steps, client, node, Utils)
            steps.check(has_work(raw), "the SDK's block has the work that was asked for")
            read_milestones(steps, client, node, index)
            prove(steps, node, block_id, index)
            refuse(steps, node, raw)

            before = client.get_info().nodeInfo.status.latestMilestone.index
            node.stop()
            node.start()
            client = Client(nodes=[node.url], local_pow=True)
            after = wait_for("milestones go on", 20, lambda: (
                lambda latest: latest if latest > before else None)(
                    client.get_info().nodeInfo.status.latestMilestone.index))
            steps.check(after > before and bytes(client.get_block_raw(block_id)) == raw,
                        "after a restart the block is there and the chain of milestones goes on")
            prove(steps, node, block_id, index)
            post_and_read(steps, client, node, Utils)
            rescue(steps, lazy, waiting, ignored)
        except Exception as error:  # A step that could not be taken is a failed step, said in one line.
            steps.check(False, f"{type(error).__name__}: {error}")
        finally:
            node.stop()
            lazy.stop()
    return steps


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--plumblined", required=True)
    parser.add_argument("--plumbline")
    run(parser.parse_args()).finish()


if __name__ == "__main__":
    main()
