"""Goal: MQTT devices behind a real broker are heard exactly, through TLS, restarts, absences and deaths, and the twin is told back.
Method: mosquitto with TLS and client certificates made here; paho as devices; a Sparkplug node written byte by byte."""

import base64
import datetime
import json
import os
import pathlib
import shutil
import signal
import socket
import ssl
import struct
import subprocess
import tempfile
import time

import paho.mqtt.client as paho

from harness import Gateway, Process, Steps, free_port, programs, wait_for

BUILDING = """\
building: test-house
label: Test House
timezone: Europe/Oslo
entities:
  house: {type: Building, label: Test House}
  floor1: {type: Level, in: house}
  m1: {type: Building_Electrical_Meter, at: floor1, meters: house}
  t1: {type: IAQ_Sensor_Equipment, at: floor1}
  p1: {type: Building_Electrical_Meter, at: floor1}
  s1: {type: Building_Electrical_Meter, at: floor1}
devices:
  tas: {profile: tasmota-energy, mqtt: "PLUG"}
  lora: {profile: chirpstack-milesight-em300-th, mqtt: "application/a1/device/24e124710c000001/event/up"}
  z2m: {profile: zigbee2mqtt-plug, mqtt: "zigbee2mqtt/hall"}
  spb: {profile: sparkplug-b-example, mqtt: "plant/boiler"}
points:
  m1.power: {type: Electric_Power_Sensor, privacy: none, from: tas#power.active, every: 1h}
  m1.energy-import: {type: Electric_Energy_Sensor, privacy: none, from: tas#energy.active.import, every: 1h}
  t1.temperature: {type: Air_Temperature_Sensor, privacy: none, from: lora#temperature, every: 1h}
  p1.power: {type: Electric_Power_Sensor, privacy: none, from: z2m#power.active, every: 1h}
  p1.switch: {type: On_Off_Status, privacy: none, from: z2m#switch, every: 1h}
  s1.power: {type: Electric_Power_Sensor, privacy: none, from: spb#power.active, every: 1h}
  s1.energy-import: {type: Electric_Energy_Sensor, privacy: none, from: spb#energy.active.import, every: 1h}
"""
UPLINK = "application/a1/device/24e124710c000001/event/up"


class Authority:
    """A certificate authority with a broker's certificate and two clients', valid for a day."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=test authority", "-keyout", "ca.key", "-out", "ca.pem")
        self.sign("broker", "subjectAltName=IP:127.0.0.1,DNS:localhost")
        self.sign("gateway", "extendedKeyUsage=clientAuth")
        self.sign("device", "extendedKeyUsage=clientAuth")

    def openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)

    def sign(self, name, extension):
        (self.folder / f"{name}.ext").write_text(extension + "\n")
        self.openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
        self.openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "1", "-extfile", f"{name}.ext", "-out", f"{name}.pem")

    def path(self, name):
        return str(self.folder / name)


class TLSBroker:
    """mosquitto that lets in who has a certificate, and that keeps sessions on disk."""

    def __init__(self, folder, authority):
        self.folder, self.authority, self.port = pathlib.Path(folder), authority, free_port()
        data = self.folder / "broker-data"
        data.mkdir()
        user = "user root\n" if os.geteuid() == 0 else ""
        (self.folder / "broker.conf").write_text(
            f"listener {self.port} 127.0.0.1\ncafile {authority.path('ca.pem')}\ncertfile {authority.path('broker.pem')}\n"
            f"keyfile {authority.path('broker.key')}\nrequire_certificate true\nuse_identity_as_username true\n{user}"
            f"persistence true\npersistence_location {data}/\nmax_queued_messages 10000\n")
        self.start()

    def start(self):
        self.process = Process([shutil.which("mosquitto") or "/usr/sbin/mosquitto", "-c", str(self.folder / "broker.conf")], self.folder / "broker.log")
        wait_for("broker", 10, lambda: socket.create_connection(("127.0.0.1", self.port), 1))

    def stop(self):
        self.process.stop()

    def client(self, name, version=paho.MQTTv5, will=None):
        client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id=name, protocol=version)
        client.tls_set(self.authority.path("ca.pem"), self.authority.path("device.pem"), self.authority.path("device.key"), cert_reqs=ssl.CERT_REQUIRED)
        if will:
            client.will_set(*will)
        client.connect("127.0.0.1", self.port)
        client.loop_start()
        wait_for(f"{name} is connected", 10, client.is_connected)
        return client


def publish(client, topic, payload, qos=1, retain=False):
    data = payload if isinstance(payload, (bytes, str)) else json.dumps(payload)
    client.publish(topic, data, qos=qos, retain=retain).wait_for_publish(10)


def uplink(tenths, at):
    """One uplink of the sensor: its temperature in tenths of a degree, and when it was received."""
    data = base64.b64encode(bytes([0x03, 0x67]) + struct.pack("<h", tenths)).decode()
    return {"deviceInfo": {"devEui": "24e124710c000001"}, "time": at, "fPort": 85, "data": data}


# Sparkplug B, from the published field numbers.

def varint(number):
    out = b""
    while True:
        number, low = number >> 7, number & 0x7F
        out += bytes([low | (0x80 if number else 0)])
        if not number:
            return out


def field(number, kind, data):
    return varint(number << 3 | kind) + data


def blob(number, data):
    return field(number, 2, varint(len(data)) + data)


def metric(name=None, alias=None, datatype=None, integer=None, single=None):
    out = b""
    if name is not None:
        out += blob(1, name.encode())
    if alias is not None:
        out += field(2, 0, varint(alias))
    if datatype is not None:
        out += field(4, 0, varint(datatype))
    if integer is not None:
        out += field(11, 0, varint(integer))
    if single is not None:
        out += field(12, 5, struct.pack("<f", single))
    return blob(2, out)


def report(seq, *metrics):
    now = field(1, 0, varint(int(time.time() * 1000)))
    return now + b"".join(metrics) + (b"" if seq is None else field(3, 0, varint(seq)))


class SparkplugNode:
    def __init__(self, broker, session):
        self.session, self.seq, self.asked = session, 0, 0
        death = report(None, metric("bdSeq", datatype=4, integer=session))
        self.client = broker.client(f"node-{session}", paho.MQTTv311, ("spBv1.0/plant/NDEATH/boiler", death, 1, False))
        self.client.on_message = self._asked
        self.client.subscribe("spBv1.0/plant/NCMD/boiler", qos=1)

    def _asked(self, _client, _data, _message):
        self.asked += 1

    def birth(self, power, energy):
        self.seq = 0
        publish(self.client, "spBv1.0/plant/NBIRTH/boiler", report(
            0, metric("bdSeq", datatype=4, integer=self.session), metric("Inputs/Power", 1, 9, single=power),
            metric("Inputs/Energy", 2, 8, integer=energy)), qos=0)

    def data(self, power, skip=0):
        self.seq = (self.seq + 1 + skip) % 256
        publish(self.client, "spBv1.0/plant/NDATA/boiler", report(self.seq, metric(alias=1, single=power)), qos=0)

    def die(self):
        """The connection breaks without a good-bye, so the broker tells the will."""
        self.client.loop_stop()
        self.client.socket().close()


def configure(gateway, broker, authority, more=""):
    text = gateway.configuration.read_text()
    start, end = text.index("mqtt:\n"), text.index("api:\n")
    section = (f"mqtt:\n  host: 127.0.0.1\n  port: {broker.port}\n  qos: 2\n  publish: twin\n  discovery: homeassistant\n"
               f"  tls: {{ca: {authority.path('ca.pem')}, certificate: {authority.path('gateway.pem')}, key: {authority.path('gateway.key')}}}\n{more}")
    gateway.configuration.write_text(text[:start] + section + text[end:])


def current(gateway, point):
    return gateway.get(f"/v1/points/{point}").get("current") or {"value": None, "quality": None}


def wait_value(gateway, point, value, quality="good", seconds=20):
    def has():
        now = current(gateway, point)
        return now if now["quality"] == quality and (value is None or now["value"] == value) else None
    return wait_for(f"{point} is {value} ({quality}); now {current(gateway, point)}", seconds, has)


def main():
    arguments = programs()
    steps = Steps("mqtt broker")
    folder = tempfile.mkdtemp(prefix="plumbline-mqtt.")
    authority = Authority(folder)
    broker = TLSBroker(folder, authority)
    gateway = Gateway(arguments.plumblined, BUILDING.replace("PLUG", "tele/plug1"), broker.port, folder=folder)
    configure(gateway, broker, authority)
    heard = {}
    try:
        gateway.init()
        gateway.start()
        listener = listen(broker, heard, "listener-1")
        device = broker.client("device")
        hear(steps, gateway, broker, device, heard)
        noise(steps, gateway, device)
        absence(steps, gateway, broker, device)
        listener.loop_stop()
        device = broker.client("device")
        deaths(steps, gateway, broker, device)
        device = broker.client("device")
        topics(steps, gateway, broker, device, heard)
        refusals(steps, gateway, broker, authority)
    finally:
        gateway.stop()
        broker.stop()
    gateway.remove()
    steps.finish()


def listen(broker, heard, name):
    """Hears the twin and the discovery; a name of its own, because a second client of one name throws the first one out."""
    listener = broker.client(name)
    listener.on_message = lambda _c, _u, message: heard.__setitem__(message.topic, message.payload)
    listener.subscribe([("twin/#", 1), ("homeassistant/#", 1)])
    return listener


def hear(steps, gateway, broker, device, heard):
    """Every form of source, and the twin told back."""
    wait_for("the gateway's birth", 20, lambda: heard.get("twin/gateway") == b"online")
    local = datetime.datetime(2026, 3, 1, 11, 0, 0).isoformat()
    publish(device, "tele/plug1/LWT", "Online", retain=True)
    publish(device, "tele/plug1/SENSOR", {"Time": local, "ENERGY": {"Total": 12.345, "Power": 84}})
    wait_value(gateway, "m1.power", 84)
    now = datetime.datetime.now(datetime.timezone.utc)
    path = f"/v1/points/m1.power/readings?from={(now - datetime.timedelta(hours=1)):%Y-%m-%dT%H:%M:%SZ}&to={(now + datetime.timedelta(hours=1)):%Y-%m-%dT%H:%M:%SZ}&limit=100"
    # The twin is ahead of the disk by half a second.
    rows = wait_for("the reading on disk", 20, lambda: [row for row in gateway.all(path) if row["value"] == 84])
    steps.check([row["sourceAt"] for row in rows if row["value"] == 84] == ["2026-03-01T10:00:00.000Z"], f"local time becomes an instant by the building's zone: {rows[-1]['sourceAt']}")
    publish(device, UPLINK, uplink(308, "2026-03-01T10:00:00.120Z"), qos=2)
    steps.check(wait_value(gateway, "t1.temperature", 30.8), "a number in a binary record, published with QoS 2")
    publish(device, "zigbee2mqtt/hall", {"power": 14.2, "energy": 3.41, "state": "ON"})
    wait_value(gateway, "p1.power", 14.2)
    told = wait_for("the twin on the broker", 20, lambda: heard.get("twin/p1.switch"))
    told = json.loads(told)
    steps.check(told["value"] == 1 and told["text"] == "ON" and told["quality"] == "good", f"a state is told with its name: {told}")
    found = json.loads(wait_for("discovery", 20, lambda: heard.get("homeassistant/sensor/gw-test/m1_energy-import/config")))
    steps.check(found["device_class"] == "energy" and found["unit_of_measurement"] == "kWh" and found["state_class"] == "total_increasing"
                and found["state_topic"] == "twin/m1.energy-import", f"Home Assistant's discovery: {found['name']}, {found['unit_of_measurement']}")
    node = SparkplugNode(broker, 7)
    node.birth(12.5, 18446744073709551615)
    wait_value(gateway, "s1.power", 12.5)
    point = gateway.get("/v1/points/s1.energy-import")
    steps.check(point["current"]["raw"] == "18446744073709551615", f"Sparkplug's UInt64 is exact: {point['current']['raw']}")
    node.data(13.5)
    steps.check(wait_value(gateway, "s1.power", 13.5), "data by alias")
    asked = node.asked
    node.data(14.5, skip=3)
    wait_value(gateway, "s1.power", None, "suspect")
    steps.check(True, "a value by alias after a gap in the numbers is suspect")
    wait_for("a rebirth is asked for", 20, lambda: node.asked > asked)
    node.birth(15.5, 1)
    steps.check(wait_value(gateway, "s1.power", 15.5), "the rebirth that was asked for makes it good again")
    node.die()
    steps.check(wait_value(gateway, "s1.power", None, "stale"), "a node's death makes its points stale")


def noise(steps, gateway, device):
    for payload in [b"\x00\xff{", b"[" * 100_000, b'{"power":NaN}', b'{"power":1,"power":2}', b"x" * (10 << 20)]:
        publish(device, "zigbee2mqtt/hall", payload, qos=0)
    for topic in ["zigbee2mqtt/hall/availability", "spBv1.0/plant/NDATA/boiler", "spBv1.0/plant/NBIRTH/boiler"]:
        publish(device, topic, os.urandom(300), qos=0)
    for number in range(5_000):
        device.publish("zigbee2mqtt/hall", json.dumps({"power": number, "state": "ON"}), qos=0)

    def heard_again():
        # A point that spoke more than once a millisecond for a second is heard again when it has calmed down.
        publish(device, "zigbee2mqtt/hall", {"power": 77.7, "state": "OFF"})
        return current(gateway, "p1.power")["value"] == 77.7

    steps.check(wait_for("heard after noise", 60, heard_again, every=1) and gateway.process.alive(), "noise, 10 MiB payloads and a flood change nothing")


def absence(steps, gateway, broker, device):
    """What was published while the gateway was away arrives once, through a restart of the broker."""
    gateway.stop()
    for number in range(40):
        publish(device, UPLINK, uplink(100 + number, f"2026-03-02T10:{number:02}:00.000Z"), qos=1 + number % 2)
    publish(device, "zigbee2mqtt/hall", {"power": 55.5, "state": "ON"})
    device.loop_stop()
    broker.stop()
    broker.start()
    gateway.start()
    wait_value(gateway, "t1.temperature", 13.9)
    now = datetime.datetime.now(datetime.timezone.utc)
    path = f"/v1/points/t1.temperature/readings?from={(now - datetime.timedelta(hours=1)):%Y-%m-%dT%H:%M:%SZ}&to={(now + datetime.timedelta(hours=1)):%Y-%m-%dT%H:%M:%SZ}&limit=1000"

    def all_there():
        rows = [row for row in gateway.all(path) if (row["sourceAt"] or "").startswith("2026-03-02T10:")]
        return rows if len(rows) >= 40 else None

    rows = wait_for("forty kept messages", 20, all_there)
    steps.check(sorted(row["sourceAt"] for row in rows) == [f"2026-03-02T10:{n:02}:00.000Z" for n in range(40)], f"{len(rows)} messages of QoS 1 and 2 that were kept by the broker arrive once")
    steps.check(wait_value(gateway, "p1.power", None, "stale"), "a kept message without a time of its own is stale, not live")


def deaths(steps, gateway, broker, device):
    publish(device, "tele/plug1/SENSOR", {"ENERGY": {"Total": 12.5, "Power": 90}})
    wait_value(gateway, "m1.power", 90)
    plug = broker.client("plug1", will=("tele/plug1/LWT", "Offline", 1, True))
    publish(plug, "tele/plug1/LWT", "Online", retain=True)
    plug.loop_stop()
    plug.socket().close()
    steps.check(wait_value(gateway, "m1.power", None, "offline") and wait_value(gateway, "m1.energy-import", None, "offline"), "a last will makes every point of its device offline")
    publish(device, "tele/plug1/LWT", "Online", retain=True)
    wait_value(gateway, "m1.power", None, "stale")
    publish(device, "tele/plug1/SENSOR", {"ENERGY": {"Total": 12.6, "Power": 91}})
    steps.check(wait_value(gateway, "m1.power", 91), "and the next message brings it back")
    device.loop_stop()
    broker.stop()
    broker.start()
    again = broker.client("again")
    wait_for("the gateway is back", 40, lambda: not any("MQTT" in text for text in gateway.get("/v1/health")["problems"]))

    def told():
        publish(again, "tele/plug1/SENSOR", {"ENERGY": {"Total": 12.7, "Power": 92}})
        return current(gateway, "m1.power")["value"] == 92

    steps.check(wait_for("heard after the broker's restart", 40, told, every=1), "topics are heard again after a restart of the broker")


def topics(steps, gateway, broker, device, heard):
    """A device that moved to another topic is heard there, and not where it was."""
    heard.clear()
    listener = listen(broker, heard, "listener-2")
    wait_for("retained discovery", 20, lambda: heard.get("homeassistant/sensor/gw-test/p1_switch/config"))
    gateway.stop()
    text = BUILDING.replace("PLUG", "tele/plug2").replace("  p1.switch: {type: On_Off_Status, privacy: none, from: z2m#switch, every: 1h}\n", "")
    (gateway.folder / "building.yaml").write_text(text)
    gateway.start()

    def heard_at_plug2():
        # Right after a resumed session a message without a time of its own counts as kept, and is stale.
        publish(device, "tele/plug1/SENSOR", {"ENERGY": {"Power": 1}})
        publish(device, "tele/plug2/SENSOR", {"ENERGY": {"Power": 2}})
        now = current(gateway, "m1.power")
        return now["value"] == 2 and now["quality"] == "good"

    steps.check(wait_for("the new topic", 30, heard_at_plug2, every=1), "the new topic is heard")
    publish(device, "tele/plug1/SENSOR", {"ENERGY": {"Power": 3}})
    publish(device, "tele/plug2/SENSOR", {"ENERGY": {"Power": 4}})
    steps.check(wait_value(gateway, "m1.power", 4), "the old one says nothing any more")
    gone = wait_for("the point's discovery is taken back", 20, lambda: heard.get("homeassistant/sensor/gw-test/p1_switch/config") == b"")
    steps.check(gone, "a point that left is taken back from Home Assistant")
    connects = [link["connects"] for link in gateway.get("/v1/links")["items"] if link["id"].startswith("mqtt:")]
    (gateway.folder / "building.yaml").write_text(text.replace("tele/plug2", "tele/plug3"))
    gateway.process.process.send_signal(signal.SIGHUP)

    def heard_there():
        publish(device, "tele/plug3/SENSOR", {"ENERGY": {"Power": 5}})
        return current(gateway, "m1.power")["value"] == 5

    wait_for("the topic of the reload", 30, heard_there, every=1)
    publish(device, "tele/plug2/SENSOR", {"ENERGY": {"Power": 6}})
    publish(device, "tele/plug3/SENSOR", {"ENERGY": {"Power": 7}})
    wait_value(gateway, "m1.power", 7)
    again = [link["connects"] for link in gateway.get("/v1/links")["items"] if link["id"].startswith("mqtt:")]
    steps.check(again == connects, f"a reload changes the topics on the running connection: {connects} connects before, {again} after")
    listener.loop_stop()
    gateway.stop()
    farewell = {}
    last = broker.client("last")
    last.on_message = lambda _c, _u, message: farewell.__setitem__(message.topic, message.payload)
    last.subscribe("twin/gateway", qos=1)
    steps.check(wait_for("the farewell", 10, lambda: farewell.get("twin/gateway") == b"offline"), "a gateway that ends says so")
    last.loop_stop()


def refusals(steps, gateway, broker, authority):
    """What does not work is named."""
    check = lambda: gateway.command("check", "--config", str(gateway.configuration), check=False)
    configure(gateway, broker, authority, "  keepalive: 30s\n")
    steps.check("did you mean 'keepAlive'" in check().stderr, "an unknown key names its nearest kin")
    stranger = pathlib.Path(authority.folder, "stranger")
    stranger.mkdir()
    other = Authority(stranger)
    configure(gateway, broker, other)
    gateway.start()
    problems = wait_for("the broker is missed", 30, lambda: [text for text in gateway.get("/v1/health")["problems"] if "MQTT" in text])
    steps.check("TLS failed" in gateway.process.log.read_text(), f"a certificate that nobody trusts is named in the journal: {problems}")


if __name__ == "__main__":
    main()
