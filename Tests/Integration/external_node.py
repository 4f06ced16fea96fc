"""Goal: a gateway anchors on a network that is not its own, and a client nobody here wrote reads those blocks alike.
Method: `plumblined tangle` runs as the network of two holders would, the gateway is told of it in its configuration, the stock
iota-sdk reads the gateway's block from the node; the node goes away for a while and comes back."""

import io
import json
import subprocess
import tarfile
import tempfile

from iota_sdk import Client, Utils

from harness import Broker, Gateway, Steps, programs, wait_for
from tangle_node import BUILDING, Node

HOLDER = "Auditor Nord AS"


def main():
    arguments = programs()
    steps = Steps("external node")
    folder = tempfile.mkdtemp(prefix="plumbline-node.")
    node = Node(arguments.plumblined, folder + "/network", "--keys", "3", "--threshold", "2", "--fault", "lost-reply=1", "--fault", "slow=20")
    broker = Broker(folder)
    gateway = Gateway(arguments.plumblined, BUILDING, broker.port, folder=folder, anchor_every="4s")
    try:
        node.start()
        milestones = [node.get(f"/api/core/v2/milestones/by-index/{index}")
                      for index in wait_for("three milestones", 20, lambda: node.latest() > 2 and (1, 2, 3))]
        lines = node.section[node.section.index("    - "):]
        signers = [{signature["publicKey"][2:] for signature in one["signatures"]} for one in milestones]
        steps.check(all(len(one) == 2 for one in signers) and all(key in lines for key in set.union(*signers)) and lines.count("holder-") == 3,
                    "two of three holders sign a milestone, and the node prints all three for the configuration")
        text = gateway.configuration.read_text()
        local = text[text.index("localTangle:"):text.index("freeSpaceFloor:")]
        wrong = text.replace(local, f"tangle:\n  node: {node.url}\n  network: another-network\n  milestoneKeys:\n{lines}")
        gateway.configuration.write_text(wrong)
        refused = gateway.command("init", "--config", str(gateway.configuration), "--recovery-key", folder + "/unused.key", check=False)
        steps.check(refused.returncode == 2 and "network" in refused.stderr, f"a node of another network is refused: {refused.stderr.strip().splitlines()[-1][:120]}")
        foreign = text.replace(local, f"tangle:\n  node: {node.url}\n  network: plumbline-local\n  milestoneKeys:\n    - {{key: \"{'00' * 31}01\", from: 0, to: 0, holder: {HOLDER}}}\n")
        gateway.configuration.write_text(foreign)
        refused = gateway.command("init", "--config", str(gateway.configuration), "--recovery-key", folder + "/unused2.key", check=False)
        steps.check(refused.returncode == 2 and "milestone" in refused.stderr, f"milestones of unknown signers are refused: {refused.stderr.strip().splitlines()[-1][:120]}")

        gateway.configuration.write_text(text.replace(local, f"tangle:\n  node: {node.url}\n  network: plumbline-local\n  threshold: 2\n  milestoneKeys:\n{lines}"))
        gateway.init()
        gateway.start()
        anchors = wait_for("two anchors", 60, lambda: len(gateway.anchored()) >= 2 and gateway.anchored())
        block = anchors[-1]["block"]
        client = Client(nodes=[node.url], ignore_node_health=True)
        theirs = client.get_block_data(block)
        steps.check(Utils.block_id(theirs) == block, f"the SDK computes the id of a block that the gateway mined: {block}")
        steps.check(client.get_block_metadata(block).referencedByMilestoneIndex == anchors[-1]["milestone"]["index"], "and finds it referenced by the same milestone")

        node.stop()
        known = len(gateway.anchored())
        wait_for("health says that anchoring waits", 30, lambda: "node" in json.dumps(json.loads(gateway.request("GET", "/v1/health")[2])))
        steps.check(gateway.process.alive(), "the node is gone; the gateway goes on and says so")
        node.start()
        wait_for("anchors after the node came back", 90, lambda: len(gateway.anchored()) > known + 1)
        steps.check(True, "the node is back; anchoring goes on by itself")

        anchors = gateway.anchored()
        card = gateway.folder / "gateway.card"
        card.write_bytes(gateway.request("GET", "/v1/card")[2])
        file = gateway.folder / "period.evidence"
        file.write_bytes(gateway.period_evidence(anchors[0]["milestone"]["at"], anchors[-2]["milestone"]["at"]))
        verdict = subprocess.run([arguments.plumbline, "verify", str(file), "--policy", str(card), "--json"], capture_output=True, text=True)
        told = json.loads(verdict.stdout)
        codes = {finding["code"] for finding in told["findings"]}
        steps.check(verdict.returncode == 0 and "W_SELF_NETWORK" not in codes and told["bracket"], f"the file holds on a foreign network, with a bracket of time: {told['bracket']}, {sorted(codes)}")
        blocks = [member.name for member in tarfile.open(fileobj=io.BytesIO(file.read_bytes())) if member.name.endswith(".block")]
        steps.check(len(blocks) >= 2, f"Python's tarfile reads the container: {len(blocks)} blocks inside")
    finally:
        gateway.stop()
        node.stop()
        broker.stop()
    gateway.remove()
    steps.finish()


if __name__ == "__main__":
    main()
