import Modbus
import Profiles
import Testing

/// Goal: what is remembered of a device is read back as it was, whoever wrote it.
struct LearnedLayoutTests {
    private func hole(_ function: ModbusFunction, _ addresses: ClosedRange<UInt16>) -> LearnedLayout.Hole {
        LearnedLayout.Hole(function: function, addresses: addresses)
    }

    @Test func `the text says everything in one order`() {
        var layout = LearnedLayout()
        #expect(layout.description == "1" && layout.isEmpty)
        layout.add(hole(.inputRegisters, 100...103))
        layout.add(hole(.holdingRegisters, 7...7))
        layout.add(LearnedLayout.Boundary(function: .holdingRegisters, address: 200))
        layout.registerCountMax = 60
        #expect(layout.description == "1;max=60;3:7-7;4:100-103;3|200")
        #expect(LearnedLayout(layout.description) == layout)
        #expect(LearnedLayout("1;4:100-103;3:7-7;3|200;max=60") == layout)
    }

    @Test func `holes that touch are one hole, of one function only`() {
        var layout = LearnedLayout()
        layout.add(hole(.holdingRegisters, 10...11))
        layout.add(hole(.holdingRegisters, 14...15))
        layout.add(hole(.inputRegisters, 12...13))
        #expect(layout.holes.count == 3)
        layout.add(hole(.holdingRegisters, 12...13))
        #expect(layout.description == "1;3:10-15;4:12-13")
        let isNew = layout.add(hole(.holdingRegisters, 11...14))
        #expect(!isNew)
        layout.add(hole(.holdingRegisters, 0...65_535))
        #expect(layout.description == "1;3:0-65535;4:12-13")
        layout.remove(.holdingRegisters, 1...65_534)
        #expect(layout.description == "1;3:0-0;3:65535-65535;4:12-13")
        layout.remove(.holdingRegisters, 0...65_535)
        #expect(layout.description == "1;4:12-13")
    }

    @Test(arguments: [
        "", "2", "1;", "1;max=0", "1;max=125", "1;max=60;max=60", "1;5:1-2", "1;3:2-1", "1;3:1-65536", "1;3:1",
        "1;3:-1-2",
        "1;3:+1-2", "1;x", "1;3:1-2;3:1-2", "1;3|", "1;3|1;3|1", "max=60", "1 ;3:1-2",
    ])
    func `a text that is not ours is nothing`(text: String) { #expect(LearnedLayout(text) == nil) }

    @Test func `what is remembered has a bound`() {
        var layout = LearnedLayout()
        for index in 0..<2 * LearnedLayout.entryCountMax {
            layout.add(hole(.holdingRegisters, UInt16(2 * index)...UInt16(2 * index)))
        }
        #expect(layout.holes.count == LearnedLayout.entryCountMax)
        #expect(LearnedLayout(layout.description) == layout)
    }
}

struct ModbusTransportTests {
    @Test(arguments: [
        ("tcp://10.0.0.5", "tcp://10.0.0.5:502"), ("tcp://meter.local:1502", "tcp://meter.local:1502"),
        ("tcp://[::1]:502", "tcp://[::1]:502"), ("tcp://[fe80::1%eth0]", "tcp://[fe80::1%eth0]:502"),
        ("rtutcp://10.0.0.5:4001", "rtutcp://10.0.0.5:4001"), ("rtu:/dev/ttyUSB0", "rtu:/dev/ttyUSB0"),
    ])
    func `an address is read and written`(text: String, written: String) {
        #expect(ModbusTransport(text)?.description == written)
    }

    @Test(arguments: [
        "", "tcp://", "tcp://:502", "tcp://host:", "tcp://host:0", "tcp://host:65536", "tcp://host:5x", "tcp://ho st",
        "tcp://::1:502", "tcp://[::1", "tcp://[::1]502", "udp://host", "tcp://host/path", "tcp://user@host", "rtu:",
        "rtu:ttyUSB0",
        "TCP://host",
    ])
    func `what is no address is refused`(text: String) { #expect(ModbusTransport(text) == nil) }

    @Test func `a serial line has its speed and its mode`() throws {
        let mode = try #require(SerialMode("7E1"))
        #expect(
            ModbusTransport("rtu:/dev/ttyS0", baud: 19_200, mode: mode)
                == .serial(path: "/dev/ttyS0", baud: 19_200, mode: mode))
        #expect(ModbusTransport("rtu:/dev/ttyS0", baud: 12_345) == nil)
        for text in ["8N1", "8E1", "8O1", "8N2", "7E1", "7O1"] { #expect(SerialMode(text)?.description == text) }
        for text in ["", "8", "8N", "8N3", "9N1", "8X1", "8N11", "8n1"] { #expect(SerialMode(text) == nil) }
        #expect(SerialMode("8N1") == .n1)
    }
}
