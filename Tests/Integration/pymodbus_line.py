"""Modbus lines served by pymodbus: its simulator's registers, and errors put in through its own hooks for packets and answers."""

import asyncio
import logging
import random
import threading
import time

from pymodbus.datastore import ModbusServerContext, ModbusSimulatorContext
from pymodbus.framer import FramerType
from pymodbus.pdu import ExceptionResponse
from pymodbus.server import ModbusTcpServer

from harness import free_port

KINDS = ("exception", "empty", "header", "cut", "double", "slow", "late")


def truth(unit):
    """An action of the simulator that writes the register's truth: unit, place, time, as the rig's profile reads it."""

    def act(registers, index, cell, **_):
        value = unit << 26 | (index // 2) << 16 | int(time.time() * 10) & 0xFFFF
        cell.value = value & 0xFFFF if index % 2 else value >> 16

    return act


def simulator(unit, registers, invalid):
    kinds = ("bits", "uint16", "uint32", "float32", "string")
    setup = {"co size": registers, "di size": registers, "hr size": registers, "ir size": registers, "shared blocks": True, "type exception": False,
             "defaults": {"value": dict(zip(kinds, (0, 0, 0, 0.0, " "))), "action": dict.fromkeys(kinds)}}
    valid = [a for a in range(registers) if not any(first <= a <= last for first, last in invalid)]
    device = {"setup": setup, "invalid": invalid, "write": [], "bits": [], "uint16": [{"addr": a, "action": "truth"} for a in valid],
              "uint32": [], "float32": [], "string": [], "repeat": []}
    return ModbusSimulatorContext(device, {"truth": truth(unit)})


class PymodbusLine:
    """A server in a thread of its own. `percent` of its answers get an error of `kinds`, by a seeded chance."""

    def __init__(self, units=(1,), registers=64, invalid=(), framer=FramerType.SOCKET, seed=1, host="127.0.0.1"):
        logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
        self.port, self.host, self.framer = free_port(), host, framer
        self.percent, self.kinds = 0, KINDS
        self.counts = {}
        self.dice = random.Random(seed)
        self.slaves = {unit: simulator(unit, registers, list(map(list, invalid))) for unit in units}
        self.loop = asyncio.new_event_loop()
        self.ready = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()
        assert self.ready.wait(10)

    def _serve(self):
        asyncio.set_event_loop(self.loop)

        async def serve():
            server = ModbusTcpServer(ModbusServerContext(slaves=self.slaves, single=False), framer=self.framer, address=(self.host, self.port),
                                     ignore_missing_slaves=True, trace_pdu=self._pdu, trace_packet=self._packet)
            await server.serve_forever(background=True)
            self.ready.set()
            await server.serving

        self.loop.run_until_complete(serve())

    def _count(self, kind):
        self.counts[kind] = self.counts.get(kind, 0) + 1

    def _chosen(self, *kinds):
        kinds = [kind for kind in kinds if kind in self.kinds]
        share = self.percent * len(kinds) / len(self.kinds) if kinds else 0
        return self.dice.choice(kinds) if kinds and self.dice.uniform(0, 100) < share else None

    def _pdu(self, sending, pdu):
        if not sending:
            return pdu
        kind = self._chosen("exception", "slow", "late")
        if kind == "exception":
            refusal = ExceptionResponse(pdu.function_code, self.dice.choice((4, 5, 6, 10, 11)))
            refusal.transaction_id, refusal.dev_id = pdu.transaction_id, pdu.dev_id
            self._count(kind)
            return refusal
        if kind:
            self._count(kind)
            # The hook is no coroutine; the line is a thread of its own and may wait.
            time.sleep(0.3 if kind == "slow" else 1.3)
        return pdu

    def _packet(self, sending, data):
        if not sending:
            return data
        kind = self._chosen("empty", "header", "cut", "double")
        if kind is None:
            self._count("sent")
            return data
        self._count(kind)
        if kind == "empty":
            return b""
        if kind == "cut":
            return data[:self.dice.randrange(1, len(data))]
        if kind == "double":
            return data + data
        # Modbus TCP has no checksum: what is changed inside the values cannot be seen by anybody.
        place = self.dice.randrange(len(data) if self.framer == FramerType.RTU else 8)
        return data[:place] + bytes([data[place] ^ self.dice.randrange(1, 256)]) + data[place + 1:]
