"""Goal: a serial line carries the truth or nothing, through noise, unplugging and plugging in again, without a restart.
Method: socat joins two pseudo terminals; our libmodbus server sits at the far end of one, pymodbus behind the other through socat and TCP;
a third line is RTU over TCP. Ended by pid and started again, socat is the plug."""

import pathlib
import shutil
import tempfile
import time

from pymodbus.framer import FramerType

from fieldserver import Device, FieldServer, Record, Watcher, building, good_since, ms, profiles, wait_good
from harness import Broker, Gateway, Process, Steps, programs, wait_for
from pymodbus_line import PymodbusLine


class Cable:
    """socat between two ends; each is a path, on which it makes a pseudo terminal, or `tcp:HOST:PORT`."""

    def __init__(self, folder, near, far):
        self.folder, self.ends = folder, [near, far]
        self.process = None
        self.plug()

    def plug(self):
        ends = [end if end.startswith("tcp:") else f"pty,raw,echo=0,link={end}" for end in self.ends]
        self.process = Process(["socat", *ends], self.folder / "socat.log")
        wait_for("socat's ends", 10, lambda: all(end.startswith("tcp:") or pathlib.Path(end).exists() for end in self.ends))

    def unplug(self):
        self.process.stop()


def values_of(gateway, steps, devices, since, what):
    for device in devices:
        wait_for(device.name, 30, lambda: good_since(gateway, device.name, since, range(device.points)), every=0.4)
    steps.check(True, f"{what}: {', '.join(device.name for device in devices)} have values")


def noise(gateway, steps, server):
    """Bytes between the frames, and frames whose check does not hold."""
    begun = time.time()
    for _ in range(20):
        server.tell("noise 17")
        time.sleep(0.25)
    server.fault("crc", more="chance 30")
    time.sleep(4)
    server.fault("late", more="1300 count 3")
    time.sleep(4)
    server.fault("none")
    seconds = max(wait_good(gateway, f"ser{unit}", 40) for unit in (1, 2))
    steps.check(seconds < 20, f"noise, wrong checks and late answers for {time.time() - begun - seconds:.0f} s: values again after {seconds:.1f} s")


def unplugged(gateway, steps, cable, devices, what):
    cable.unplug()
    at = time.time()
    wait_for(f"{what} is not shown as good", 15, lambda: all(gateway.get(f"/v1/points/{device.name}.p0")["quality"] != "good" for device in devices), every=0.5)
    steps.check(True, f"{what} unplugged: told after {time.time() - at:.1f} s")
    time.sleep(3)
    cable.plug()
    seconds = max(wait_good(gateway, device.name, 45) for device in devices)
    steps.check(seconds < 35, f"{what} plugged in again: values after {seconds:.1f} s, the gateway was not touched")


def dead_unit(gateway, steps, server):
    server.fault("drop", 3)
    time.sleep(3)
    begin, window = time.time(), 15
    server.tell("reset")
    time.sleep(window)
    counts = server.stats()["units"]
    record = Record(gateway, [Device(f"ser{unit}", "", unit, 1) for unit in (1, 2)], begin - 1)
    kept = [len([row for row in record.good(f"ser{unit}") if begin * 1000 <= ms(row["at"]) < (begin + window) * 1000]) for unit in (1, 2)]
    steps.check(min(kept) >= window - 1, f"a dead unit on the bus: the others keep {kept} of {window} samples; it was asked {counts['3']['requests']} times")
    server.fault("none", 3)
    wait_good(gateway, "ser3", 40)


def main():
    arguments = programs()
    steps = Steps("field serial")
    folder = pathlib.Path(tempfile.mkdtemp(prefix="plumbline-serial."))
    broker = Broker(folder)
    python = PymodbusLine(units=(1, 2), framer=FramerType.RTU)
    over_tcp = FieldServer(2, "rtutcp")
    cable = Cable(folder, str(folder / "tty-a"), str(folder / "tty-b"))
    other = Cable(folder, str(folder / "tty-c"), f"tcp:127.0.0.1:{python.port}")
    server = FieldServer(3, f"rtu:{folder / 'tty-b'}")
    speed = "baud: 115200, mode: 8N1"
    ser = [Device(f"ser{unit}", f"rtu:{folder / 'tty-a'}", unit, 4, options=speed) for unit in (1, 2, 3)]
    py = [Device(f"py{unit}", f"rtu:{folder / 'tty-c'}", unit, 4, options="baud: 19200, mode: 8E1") for unit in (1, 2)]
    tcp = [Device(f"tcp{unit}", over_tcp.url, unit, 4) for unit in (1, 2)]
    devices = ser + py + tcp
    gateway = Gateway(arguments.plumblined, building(devices), broker.port, folder=folder, profiles=profiles(folder, 4))
    try:
        gateway.init()
        gateway.start()
        since = time.time()
        values_of(gateway, steps, ser, since, "RTU through a socat pair, libmodbus")
        values_of(gateway, steps, py, since, "RTU through socat, pymodbus")
        values_of(gateway, steps, tcp, since, "RTU over TCP, libmodbus")
        watcher = Watcher(gateway, devices, 1_000)
        noise(gateway, steps, server)
        over_tcp.fault("crc", more="chance 50")
        python.percent = 30
        dead_unit(gateway, steps, server)
        over_tcp.fault("none")
        python.percent = 0
        values_of(gateway, steps, py + tcp, time.time(), "after 15 s of errors")
        unplugged(gateway, steps, cable, ser, "the serial line")
        unplugged(gateway, steps, other, py, "the line to pymodbus")
        over_tcp.kill()
        time.sleep(2)
        over_tcp.start()
        seconds = max(wait_good(gateway, device.name, 30) for device in tcp)
        steps.check(True, f"RTU over TCP after its server was killed: {seconds:.1f} s")
        bad = watcher.stop()
        steps.check(watcher.looks > 50 and not bad, f"{watcher.looks} looks at all points: nothing wrong or old was shown as good {bad[:5]}")
        record = Record(gateway, devices, since)
        untrue = record.untrue()
        steps.check(not untrue, f"{sum(map(len, record.rows.values()))} readings in the log: none is wrong {untrue[:5]}")
        unexplained = [span for span in record.silences(1_000, time.time()) if not span[3]]
        steps.check(not unexplained, f"every silence has a quality in it {unexplained[:4]}")
        stats = [server.stats()["pipelined"], over_tcp.stats()["pipelined"]]
        steps.check(stats == [0, 0], f"never two requests on a bus at a time: {stats}")
        steps.check(gateway.process.alive() and gateway.stop() == 0, "one process from begin to end")
    finally:
        gateway.stop()
        server.stop()
        over_tcp.stop()
        for wire in (cable, other):
            if wire.process.alive():
                wire.unplug()
        broker.stop()
    if not steps.failed:
        shutil.rmtree(folder, ignore_errors=True)
    steps.finish()


if __name__ == "__main__":
    main()
