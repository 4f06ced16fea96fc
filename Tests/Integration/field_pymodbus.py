"""Goal: a Modbus server that nobody here wrote, with random errors in its answers, gives no wrong value and no end of the line.
Method: pymodbus serves its simulator's registers on TCP, TCP over ::1 and RTU over TCP; its hooks refuse, delay, empty, cut, double
and spoil answers by a seeded chance."""

import pathlib
import random
import shutil
import tempfile
import time

from pymodbus.framer import FramerType

from fieldserver import Device, Record, Watcher, building, good_since, profiles, wait_good
from harness import Broker, Gateway, Steps, programs, wait_for
from pymodbus_line import PymodbusLine

ERROR_SECONDS = 20


def main():
    arguments = programs()
    steps = Steps("field pymodbus")
    seed = random.randrange(1 << 30)
    print(f"field pymodbus: seed {seed}", flush=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="plumbline-pymodbus."))
    broker = Broker(folder)
    # Registers 20 to 23 are none: points 10 and 11.
    plain = PymodbusLine(units=(1, 2), invalid=[(20, 23)], seed=seed)
    six = PymodbusLine(host="::1", seed=seed + 1)
    serial = PymodbusLine(units=(1, 2), framer=FramerType.RTU, seed=seed + 2)
    devices = [Device("tcp1", f"tcp://127.0.0.1:{plain.port}", 1, 14), Device("tcp2", f"tcp://127.0.0.1:{plain.port}", 2, 4),
               Device("six1", f"tcp://[::1]:{six.port}", 1, 4),
               Device("rtu1", f"rtutcp://127.0.0.1:{serial.port}", 1, 4), Device("rtu2", f"rtutcp://127.0.0.1:{serial.port}", 2, 4)]
    gateway = Gateway(arguments.plumblined, building(devices), broker.port, folder=folder, profiles=profiles(folder, 14))
    try:
        gateway.init()
        gateway.start()
        since = time.time()
        for device in devices:
            wait_for(device.name, 20, lambda: good_since(gateway, device.name, since), every=0.3)
        there = [place for place in range(14) if place not in (10, 11)]
        wait_for("what lies beside the hole", 15, lambda: good_since(gateway, "tcp1", since, there), every=0.5)
        steps.check(True, "pymodbus' simulator on TCP, ::1 and RTU over TCP is read")
        steps.check(all(gateway.get(f"/v1/points/tcp1.p{place}")["current"] is None for place in (10, 11)), "registers that are none have no value")
        watcher = Watcher(gateway, devices, 1_000)
        for line in (plain, six, serial):
            line.percent = 40
        time.sleep(ERROR_SECONDS)
        counts = {}
        for line in (plain, six, serial):
            line.percent = 0
            for kind, count in line.counts.items():
                counts[kind] = counts.get(kind, 0) + count
        steps.check(sum(counts.values()) - counts["sent"] >= 15, f"errors of {len(counts) - 1} kinds were sent: {counts}")
        slow = [(device.name, round(seconds, 1)) for device in devices if (seconds := wait_good(gateway, device.name, 40)) > 20]
        steps.check(not slow, f"all lines recovered by themselves; later than 20 s: {slow}")
        time.sleep(2)
        bad = watcher.stop()
        steps.check(watcher.looks > 20 and not bad, f"{watcher.looks} looks at all points: nothing wrong or old was shown as good {bad[:5]} (seed {seed})")
        record = Record(gateway, devices, since)
        untrue = record.untrue()
        steps.check(not untrue, f"{sum(map(len, record.rows.values()))} readings in the log: none is wrong {untrue[:5]} (seed {seed})")
        unexplained = [span for span in record.silences(1_000, time.time()) if not span[3] and span[0] not in ("tcp1.p10", "tcp1.p11")]
        steps.check(not unexplained, f"every silence has a quality in it {unexplained[:4]} (seed {seed})")
        steps.check(gateway.process.alive() and gateway.stop() == 0, "one process from begin to end")
    finally:
        gateway.stop()
        broker.stop()
    if not steps.failed:
        shutil.rmtree(folder, ignore_errors=True)
    steps.finish()


if __name__ == "__main__":
    main()
