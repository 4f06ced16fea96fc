"""Goal: a command reaches a device that nobody here wrote, once, and both its leaves stand in an evidence file that holds,
whatever happens between them: a replay, a dry run, a slow device and `kill -9`, a device that is off.
Method: a pymodbus server behind the gateway; its registers are looked at from the other side."""

import asyncio
import json
import subprocess
import threading
import time

from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSlaveContext
from pymodbus.server import ModbusTcpServer

from harness import Broker, Gateway, Steps, free_port, programs, wait_for

BUILDING = """\
building: test-house
label: Test House
timezone: Europe/Oslo
entities:
  house: {{type: Building, label: Test House}}
  ahu1: {{type: AHU, at: house}}
devices:
  mb1: {{profile: plumbline-sim-air-handler, modbus: "tcp://127.0.0.1:{modbus_port}", unit: 21, every: 1s}}
points:
  ahu1.setpoint: {{from: mb1#setpoint.supply, command: {{min: 16, max: 22, every: 5s, critical: true}}}}
  ahu1.supply: {{from: mb1#temperature.supply}}
"""
SETPOINT = 6
FAN = "/v1/commands"


class Registers(ModbusSequentialDataBlock):
    """Holding registers that may take their time over a write, and count the writes."""

    def __init__(self):
        super().__init__(1, [0] * 60)
        self.writes, self.slow, self.entered = 0, 0.0, threading.Event()

    def put(self, address, *words):
        super().setValues(address + 1, list(words))

    def setValues(self, address, values):
        self.writes += 1
        self.entered.set()
        if self.slow:
            time.sleep(self.slow)
        super().setValues(address, values)

    def word(self, address):
        return self.values[address]


class AirHandler:
    """A pymodbus server in a thread of its own."""

    def __init__(self):
        self.port, self.registers = free_port(), Registers()
        self.registers.put(SETPOINT, 190)
        self.registers.put(1, 185)
        self.registers.put(40, 0x504C, 0x0003)
        self.loop, self.server = asyncio.new_event_loop(), None
        ready = threading.Event()
        self.thread = threading.Thread(target=self._serve, args=(ready,), daemon=True)
        self.thread.start()
        assert ready.wait(10)

    def _serve(self, ready):
        asyncio.set_event_loop(self.loop)

        async def serve():
            slave = ModbusSlaveContext(hr=self.registers)
            self.server = ModbusTcpServer(ModbusServerContext(slaves={21: slave}, single=False), address=("127.0.0.1", self.port))
            ready.set()
            try:
                await self.server.serve_forever()
            except asyncio.CancelledError:
                pass

        self.loop.run_until_complete(serve())

    def off(self):
        asyncio.run_coroutine_threadsafe(self.server.shutdown(), self.loop).result(10)


def send(gateway, value, key, path=FAN, reason="filter change"):
    body = json.dumps({"point": "ahu1.setpoint", "value": value, "reason": reason}).encode()
    status, headers, answer = gateway.request("POST", path, body, headers={"Idempotency-Key": key})
    return status, headers, json.loads(answer)


def pace():
    """The point takes one command in 5 s."""
    time.sleep(5.1)


def simple(steps, gateway, device):
    wait_for("the setpoint", 20, lambda: gateway.get("/v1/points/ahu1.setpoint")["current"] is not None)
    point = gateway.get("/v1/points/ahu1.setpoint")
    steps.check(point["command"]["min"] == 16 and point["command"]["max"] == 22 and point["command"]["step"] == 0.5, f"the point says what it takes: {point['command']}")
    steps.check(gateway.get("/v1/points/ahu1.supply")["command"] is None, "another point takes nothing")

    status, _, answer = send(gateway, 21.5, "dry", FAN + "?dryRun=true")
    steps.check(status == 200 and answer["state"] == "checked" and answer["intentLeaf"] is None, f"a dry run is checked: {answer}")
    steps.check(device.registers.writes == 0 and gateway.all(FAN) == [], "and writes nothing, to the device or to the log")

    status, _, answer = send(gateway, 30, "high")
    steps.check(status == 422 and answer["code"] == "out-of-bounds" and answer["errors"][0]["expected"] == "16…22", f"out of bounds is refused: {answer['detail']}")

    status, headers, first = send(gateway, 21.5, "k1")
    steps.check(status == 201 and first["state"] == "done" and first["readBack"]["value"] == 21.5, f"a command is done and read back: {first}")
    steps.check(device.registers.word(SETPOINT) == 215 and device.registers.writes == 1, "the register holds what was asked for")
    steps.check(first["outcomeLeaf"] > first["intentLeaf"] and headers["Location"] == FAN + "/" + first["id"], "two leaves, and a place to find them")
    status, headers, again = send(gateway, 21.5, "k1")
    steps.check(status == 201 and again == first and headers["Idempotency-Replayed"] == "true", "the same request under the same key gets the same answer")
    steps.check(device.registers.writes == 1, "and writes nothing")
    status, _, other = send(gateway, 20, "k1")
    steps.check(status == 422 and other["code"] == "key-reused", "another request under the same key is refused")
    status, headers, soon = send(gateway, 20, "k2")
    steps.check(status == 429 and int(headers["Retry-After"]) <= 5, f"the next one is too soon: {soon['detail']}")
    steps.check(wait_for("the twin follows", 20, lambda: gateway.get("/v1/points/ahu1.setpoint")["current"]["value"] == 21.5), "the twin reads the new value")
    return first


def interrupted(steps, gateway, device):
    """The device takes its time, and the gateway dies in it."""
    pace()
    device.registers.slow = 3
    device.registers.entered.clear()
    died = []

    def ask():
        try:
            died.append(send(gateway, 18, "k3"))
        except OSError as error:
            died.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    steps.check(device.registers.entered.wait(10), "the device is being written to")
    gateway.kill()
    asking.join(30)
    steps.check(died and isinstance(died[0], OSError), f"the client heard no answer: {died}")
    device.registers.slow = 0
    gateway.start()
    newest = gateway.get(FAN + "?order=desc&limit=1")["items"][0]
    steps.check(newest["state"] == "interrupted" and newest["outcomeLeaf"] is not None and newest["value"] == 18, f"after the restart the outcome says so: {newest}")
    writes = device.registers.writes
    status, headers, answer = send(gateway, 18, "k3")
    steps.check(status == 201 and answer == newest and headers["Idempotency-Replayed"] == "true" and device.registers.writes == writes, "its key gets that answer and writes nothing")


def silent(steps, gateway, device):
    device.off()
    time.sleep(2)
    pace()
    status, _, answer = send(gateway, 19, "k4")
    steps.check(status == 504 and answer["code"] == "device-no-answer", f"a device that is off is 504: {answer['detail']}")
    kept = gateway.get(answer["command"])
    steps.check(kept["outcomeLeaf"] == answer["outcomeLeaf"] and kept["intentLeaf"] == answer["intentLeaf"] and kept["state"] in ("no-answer", "not-sent"), f"the attempt is on record: {kept['state']}")
    return kept


def evidence(steps, gateway, arguments, last):
    covered = lambda: [a for a in gateway.anchored() if a["size"] > last["outcomeLeaf"]]
    wait_for("an anchor over the last command", 60, covered)
    anchors = gateway.anchored()
    file, card = gateway.folder / "commands.evidence", gateway.folder / "gateway.card"
    card.write_bytes(gateway.request("GET", "/v1/card")[2])
    file.write_bytes(gateway.period_evidence(anchors[0]["milestone"]["at"], covered()[0]["milestone"]["at"]))
    verdict = subprocess.run([arguments.plumbline, "verify", str(file), "--policy", str(card)], capture_output=True, text=True)
    steps.check(verdict.returncode == 0, f"the period file holds: {verdict.stdout.strip().splitlines()[:1]}{verdict.stderr}")
    seen = json.loads(subprocess.run([arguments.plumbline, "inspect", str(file), "--json"], capture_output=True, text=True, check=True).stdout)
    told = {entry["index"]: entry for entry in seen["commands"]}
    listed = gateway.all(FAN)
    pairs = [(told.get(one["intentLeaf"]), told.get(one["outcomeLeaf"])) for one in listed]
    steps.check(len(listed) == 3 and all(a and b for a, b in pairs), f"the auditor's program shows both leaves of each command: {pairs}")
    steps.check([b["result"] for a, b in pairs if b][:2] == [0, 5] and all(b["intent"] == a["index"] for a, b in pairs if a and b), "with their results, bound to each other")
    steps.check(pairs[0][0]["value"] == "215" and pairs[0][0]["reason"] == "filter change", "with value and reason")
    leaves = [leaf for leaf in seen["leaves"] if leaf["type"] == "command"]
    steps.check(len(leaves) == 6 and len({leaf["actor"] for leaf in leaves}) == 1, "and who asked, under one pseudonym")


def main():
    arguments = programs()
    steps = Steps("commands")
    import tempfile

    folder = tempfile.mkdtemp(prefix="plumbline-commands.")
    device, broker = AirHandler(), Broker(folder)
    gateway = Gateway(arguments.plumblined, BUILDING.format(modbus_port=device.port), broker.port, folder=folder)
    try:
        gateway.init()
        gateway.start()
        wait_for("the first anchor", 60, gateway.anchored)
        simple(steps, gateway, device)
        interrupted(steps, gateway, device)
        last = silent(steps, gateway, device)
        evidence(steps, gateway, arguments, last)
    finally:
        gateway.stop()
        broker.stop()
    gateway.remove()
    steps.finish()


if __name__ == "__main__":
    main()
