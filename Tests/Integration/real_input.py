"""Goal: input that nobody here wrote reaches the twin, the log and an evidence file, and comes back unchanged.
Method: a pymodbus server and mosquitto_pub feed the gateway; curl and paho-mqtt read it back."""

import asyncio
import json
import struct
import subprocess
import threading

import paho.mqtt.client as paho
from pymodbus.datastore import ModbusSequentialDataBlock, ModbusServerContext, ModbusSlaveContext
from pymodbus.server import ModbusTcpServer

from harness import Broker, Gateway, Steps, free_port, programs, wait_for

BUILDING = """\
building: test-house
label: Test House
timezone: Europe/Oslo
entities:
  house: {{type: Building, label: Test House}}
  floor1: {{type: Level, in: house}}
  room1: {{type: Room, in: floor1}}
  m1: {{type: Building_Electrical_Meter, at: floor1, meters: house}}
  iaq1: {{type: IAQ_Sensor_Equipment, at: room1}}
devices:
  mb1: {{profile: eastron-sdm630, modbus: "tcp://127.0.0.1:{modbus_port}", unit: 1}}
  lora1: {{profile: chirpstack-milesight-am308, mqtt: "application/a1/device/24e124710c000001/event/up"}}
points:
  m1.power: {{type: Electric_Power_Sensor, privacy: none, from: mb1#power.active, every: 1s}}
  m1.energy-import: {{type: Electric_Energy_Sensor, privacy: none, from: mb1#energy.active.import, every: 1s}}
  iaq1.co2: {{type: CO2_Level_Sensor, privacy: indirect, tenant: t3, from: lora1#co2, every: 10m}}
  iaq1.temperature: {{type: Air_Temperature_Sensor, privacy: indirect, tenant: t3, from: lora1#temperature, every: 10m}}
"""


class ModbusHouse:
    """A pymodbus TCP server with the meter's two registers, in a thread of its own."""

    def __init__(self, port=None):
        self.port = port or free_port()
        self.block = ModbusSequentialDataBlock(1, [0] * 400)
        self.loop = asyncio.new_event_loop()
        self.ready = threading.Event()
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()
        assert self.ready.wait(10)

    def _serve(self):
        asyncio.set_event_loop(self.loop)

        async def serve():
            slave = ModbusSlaveContext(ir=self.block, hr=self.block)
            server = ModbusTcpServer(ModbusServerContext(slaves={1: slave}, single=False), address=("127.0.0.1", self.port))
            self.ready.set()
            await server.serve_forever()

        self.loop.run_until_complete(serve())

    def set_float(self, address, value):
        self.block.setValues(address + 1, list(struct.unpack(">HH", struct.pack(">f", value))))


def curl(gateway, path):
    return subprocess.run(["curl", "-sS", "--max-time", "20", "-H", f"Authorization: Bearer {gateway.token}",
                           f"http://127.0.0.1:{gateway.api_port}{path}"], capture_output=True, check=True).stdout.decode()


def main():
    arguments = programs()
    steps = Steps("real input")
    house = ModbusHouse()
    house.set_float(52, 1234.5)
    house.set_float(72, 12345.679)
    import tempfile

    folder = tempfile.mkdtemp(prefix="plumbline-real.")
    broker = Broker(folder)
    gateway = Gateway(arguments.plumblined, BUILDING.format(modbus_port=house.port), broker.port, folder=folder)
    heard = {}
    listener = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id="listener")
    listener.on_connect = lambda client, *_: client.subscribe("twin/#", qos=1)
    listener.on_message = lambda _c, _u, message: heard.__setitem__(message.topic, message.payload)
    listener.connect("127.0.0.1", broker.port)
    listener.loop_start()
    try:
        gateway.init()
        gateway.start()
        point = wait_for("the meter's value", 20, lambda: _good(gateway, "m1.energy-import"))
        steps.check(point["current"]["value"] == 12345.679, f"curl reads what pymodbus served: {point['current']['value']} {point['unit']}")
        power = wait_for("the meter's power", 20, lambda: _good(gateway, "m1.power"))
        steps.check(power["current"]["value"] == 1234.5, f"power: {power['current']['value']} {power['unit']}")

        uplink = {"deviceInfo": {"devEui": "24e124710c000001"}, "time": "2026-03-01T10:00:00Z",
                  "object": {"co2": 612, "temperature": 21.4, "humidity": 40.5}}
        broker.publish("application/a1/device/24e124710c000001/event/up", uplink)
        co2 = wait_for("the room's CO2", 20, lambda: _good(gateway, "iaq1.co2"))
        steps.check(co2["current"]["value"] == 612 and co2["unit"] == "[ppm]", f"mosquitto_pub arrives: {co2['current']['value']} {co2['unit']}")
        temperature = _good(gateway, "iaq1.temperature")
        steps.check(temperature and temperature["current"]["value"] == 21.4, "the second value of the same message too")

        wait_for("the twin on the broker", 20, lambda: "twin/m1.energy-import" in heard)
        told = json.loads(heard["twin/m1.energy-import"])
        steps.check(told["value"] == 12345.679 and told["quality"] == "good", f"an independent MQTT client reads the twin: {told}")

        steps.check("twin/iaq1.co2" not in heard, "what tells about people is not told on the broker")

        broker.publish("application/a1/device/24e124710c000001/event/up", b"\x00\xff{not json" * 1000)
        broker.publish("application/a1/device/24e124710c000001/event/up", b"")
        house.set_float(52, float("nan"))
        absent = wait_for("NaN is no value", 20, lambda: _quality(gateway, "m1.power", "no-value"))
        steps.check(absent["current"]["value"] is None, "NaN is shown as no value, never as a number")
        house.set_float(52, 2345.5)
        wait_for("the next value", 20, lambda: (_good(gateway, "m1.power") or {"current": {"value": 0}})["current"]["value"] == 2345.5)
        steps.check(gateway.process.alive(), "noise on the topic changed nothing")

        anchors = wait_for("two anchors", 60, lambda: len(gateway.anchored()) >= 2 and gateway.anchored())
        readings = gateway.all("/v1/points/m1.energy-import/readings?from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z&limit=10")
        steps.check(readings == [], "a range with nothing in it is an empty list")
        start, end = anchors[0]["milestone"]["at"], anchors[-1]["milestone"]["at"]
        rows = [r for r in gateway.all(f"/v1/points/m1.energy-import/readings?from={start}&to={end}&limit=1000") if r["proof"] == "anchored"]
        steps.check(len(rows) >= 2 and all(r["value"] == 12345.679 for r in rows), f"{len(rows)} anchored readings between the first anchor and the last")
        status, _, reading = gateway.request("GET", f"/v1/points/m1.energy-import/readings/{rows[0]['at']}/evidence",
                                             accept="application/vnd.plumbline.reading+cbor")
        files = gateway.folder
        (files / "reading.evidence").write_bytes(reading)
        (files / "gateway.card").write_bytes(gateway.request("GET", "/v1/card")[2])
        verdict = subprocess.run([arguments.plumbline, "verify", str(files / "reading.evidence"), "--policy", str(files / "gateway.card")],
                                 capture_output=True, text=True)
        steps.check(status == 200 and verdict.returncode == 0, f"the reading file verifies ({len(reading)} bytes): {verdict.stdout.strip().splitlines()[-1:]}")
        steps.check("12345.679" in verdict.stdout, "and names the value")
        csv = curl(gateway, f"/v1/points/m1.energy-import/readings?from={start}&to={end}&limit=1000&format=csv")
        steps.check(csv.count("12345.679") >= 2 and "\r\n" in csv, "CSV tells the same numbers")
    finally:
        listener.loop_stop()
        gateway.stop()
        broker.stop()
    gateway.remove()
    steps.finish()


def _good(gateway, point):
    return _quality(gateway, point, "good")


def _quality(gateway, point, quality):
    answer = json.loads(curl(gateway, f"/v1/points/{point}"))
    current = answer.get("current")
    return answer if current and current["quality"] == quality else None


if __name__ == "__main__":
    main()
