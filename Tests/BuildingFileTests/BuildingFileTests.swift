import BuildingFile
import CanonicalCBOR
import Hashing
import Profiles
import Readings
import SourceYAML
import Testing
import TwinModel

@Suite struct BuildingFileTests {
    @Test func `a building file becomes the building it describes`() throws {
        let building = try Sample.load(Sample.house)
        #expect(building.id == "bk16")
        #expect(building.label == "House 16")
        #expect(building.timeZone == "Europe/Oslo")
        #expect(building.entities.map(\.id) == ["ahu1", "floor1", "house", "m1", "m2", "room101"])
        let m2 = try #require(building.entity("m2"))
        #expect(m2.relations == [Relation(.meters, "ahu1"), Relation(.meters, "room101"), Relation(.submeterOf, "m1")])
        #expect(m2.label == "m2")
        #expect(building.entity("m1")?.annotations.first?["mid"] == "true")
        #expect(building.device("mb1")?.address == .modbus(host: "10.0.0.20", port: 502, unit: 1))
        #expect(building.device("v6")?.address == .modbus(host: "fe80::1", port: 1502, unit: 1))
        #expect(building.device("line")?.address == .serial(path: "/dev/ttyUSB0", baud: 19_200, mode: "8E1", unit: 3))
        #expect(building.device("lora1")?.address == .mqtt(root: "application/1/device/24e1"))
        #expect(building.device("mb1")?.profileHash == Sample.profiles.profile("test-meter").map { $0.hash.bytes })
    }

    @Test func `what a point does not say, its profile says`() throws {
        let building = try Sample.load(Sample.house)
        let power = try #require(building.point("m1.power"))
        #expect(power.type == "Electric_Power_Sensor")
        #expect(power.unit == "W")
        #expect(power.nature == .gauge)
        #expect(power.kind == .integer)
        #expect(power.engineering(.integer(15))?.description == "1.5")
        #expect(power.expectedSeconds == 5)
        #expect(power.limits == Limits(min: ExactDecimal(text: "-50000"), max: ExactDecimal(text: "50000")))
        let energy = try #require(building.point("m1.energy-import"))
        #expect(energy.flow == .import)
        #expect(energy.expectedSeconds == 10)
        #expect(energy.aggregate == .difference)
        #expect(building.point("m2.state")?.expectedSeconds == 60)
        #expect(building.point("room101.co2")?.privacy == .indirect)
        #expect(building.point("room101.co2")?.expectedSeconds == 900)
        #expect(building.point("room101.badge")?.expectedSeconds == nil)
        #expect(building.streams.map(\.name) == ["lora1/t3/direct", "lora1/t3/indirect", "mb1/none", "plant"])
    }

    @Test func `a building survives its canonical bytes`() throws {
        let building = try Sample.load(Sample.house)
        #expect(try Building(canonicalBytes: building.canonical().encoded()) == building)
    }

    static func devices(_ line: String) throws -> Building {
        try Sample.load(Sample.house.replacing("  lora1:", with: "  more: {profile: test-meter, \(line)}\n  lora1:"))
    }

    @Test(arguments: [
        (
            "modbus: \"rtutcp://[fe80::2]:4001\", unit: 9",
            DeviceAddress.rtuOverTCP(host: "fe80::2", port: 4001, unit: 9)
        ),
        ("modbus: \"rtutcp://moxa\"", .rtuOverTCP(host: "moxa", port: 502, unit: 1)),
    ])
    func `RTU frames over TCP are an address of their own`(_ line: String, _ address: DeviceAddress) throws {
        #expect(try Self.devices(line).device("more")?.address == address)
    }

    @Test func `a device says how patiently it is asked, and what it does not say is the connection's`() throws {
        let line = "modbus: \"tcp://slow:502\", timeout: "
        #expect(try Self.devices(line + "50ms, gap: 0ms").device("more")?.patience == Patience(timeoutMs: 50, gapMs: 0))
        let far = try Self.devices(line + "30s, gap: 1s")
        #expect(far.device("more")?.patience == Patience(timeoutMs: 30_000, gapMs: 1_000))
        #expect(far.device("mb1")?.patience == .standard)
        #expect(try Building(canonicalBytes: far.canonical().encoded()) == far)
    }

    @Test(arguments: [
        (
            "modbus: \"rtutcp://10.0.0.20:502\", unit: 7",
            "building.yaml:16:3: device more speaks Modbus RTU over TCP at 10.0.0.20 port 502, but mb2 speaks Modbus TCP there; all devices on one wire speak alike"
        ),
        (
            "modbus: \"rtu:/dev/ttyUSB0\", unit: 7, baud: 9600, mode: 8E1",
            "building.yaml:16:3: device more speaks 9600 8E1 at /dev/ttyUSB0, but line speaks 19200 8E1 there; all devices on one wire speak alike"
        ),
        ("modbus: \"rtutcp://moxa\", baud: 9600", "building.yaml:16:62: 'baud' is for serial lines"),
        (
            "modbus: \"rtu:/dev/ttyS9\", baud: 9601",
            "building.yaml:16:63: 9601 is no rate of a serial line; known rates: 300 600 1200 2400 4800 9600 19200 38400 57600 115200 230400 460800 500000 576000 921600"
        ),
        (
            "modbus: \"rtucp://moxa\"",
            "building.yaml:16:39: 'rtucp://moxa' is no Modbus address; write tcp://HOST:PORT, rtutcp://HOST:PORT or rtu:/dev/ttyUSB0"
        ),
        (
            "modbus: \"rtutcp://moxa:0\"",
            "building.yaml:16:39: 'rtutcp://moxa:0' is no address; write rtutcp://HOST:PORT, an IPv6 host in brackets"
        ),
        (
            "modbus: \"tcp://slow\", timeout: 49ms",
            "building.yaml:16:62: 49ms is outside 50ms to 30s at devices.more.timeout"
        ),
        (
            "modbus: \"tcp://slow\", gap: 2s",
            "building.yaml:16:58: 2s is outside 0ms to 1s at devices.more.gap"
        ),
        (
            "modbus: \"tcp://slow\", timout: 1s",
            "building.yaml:16:53: unknown key 'timout' in device more; did you mean 'timeout'?"
        ),
    ])
    func `a mistake in a device's wire is told with its place`(_ line: String, _ message: String) {
        #expect {
            _ = try Self.devices(line)
        } throws: {
            "\($0)" == message
        }
    }

    /// Goal: a person corrects the file without asking anybody. Method: one mistake at a time, the whole message.
    @Test(arguments: [
        (
            "timezone:", "timezon:",
            "building.yaml:3:1: unknown key 'timezon' in the building file; did you mean 'timezone'?"
        ),
        (
            "Europe/Oslo", "../etc",
            "building.yaml:3:11: '../etc' is no time zone name; write a name such as Europe/Oslo"
        ),
        (
            "building: bk16", "building: BK 16",
            "building.yaml:1:11: 'BK 16' is no building id; an id has 1 to 63 of a-z 0-9 - _ and begins with a letter or digit"
        ),
        ("type: AHU", "tpye: AHU", "building.yaml:10:13: unknown key 'tpye' in entity ahu1; did you mean 'type'?"),
        ("type: Level", "type: Floor", "building.yaml:6:19: unknown type 'Floor'; did you mean 'Level'?"),
        (
            "type: AHU", "type: Electric_Power_Sensor",
            "building.yaml:10:19: 'Electric_Power_Sensor' is not the type of a space or equipment"
        ),
        (
            "in: floor1", "in: flor1",
            "building.yaml:7:29: 'in' names the unknown entity 'flor1'; did you mean 'floor1'?"
        ),
        ("in: floor1", "in: room101", "building.yaml:7:29: 'in' names the entity itself"),
        (
            "label: House 16}", "in: room101}",
            "building.yaml:5:33: 'in' goes in a circle: house → room101 → floor1 → house"
        ),
        (
            "feeds: room101", "feds: room101",
            "building.yaml:10:24: unknown key 'feds' in entity ahu1; did you mean 'feeds'?"
        ),
        (
            "serial: \"4711\"", "seriel: 1",
            "building.yaml:8:106: unknown key 'seriel' in metrology; did you mean 'serial'?"
        ),
        (
            "profile: test-meter", "profile: test-metre",
            "building.yaml:12:20: unknown profile 'test-metre'; did you mean 'test-meter'?"
        ),
        (
            "tcp://10.0.0.20:502", "tcp://10.0.0.20:0",
            "building.yaml:12:40: 'tcp://10.0.0.20:0' is no address; write tcp://HOST:PORT, an IPv6 host in brackets"
        ),
        (
            "unit: 2", "unit: 1",
            "building.yaml:13:3: device mb2 has the same address as mb1: tcp://10.0.0.20:502 unit 1"
        ),
        (
            "unit: 2", "unit: 256",
            "building.yaml:13:65: expected a whole number from 0 to 255 at devices.mb2.unit, found '256'"
        ),
        (
            "mqtt: application", "modbus: application",
            "building.yaml:16:41: 'modbus' does not go with an MQTT profile; device lora1 needs 'mqtt: TOPIC'"
        ),
        (
            "from: mb1#power.active", "from: mb9#power.active",
            "building.yaml:19:28: unknown device 'mb9'; did you mean 'mb1'?"
        ),
        (
            "from: mb1#power.active", "from: mb1#power.activ",
            "building.yaml:19:28: profile test-meter has no point 'power.activ'; did you mean 'power.active'?"
        ),
        (
            "from: mb1#power.active", "from: mb1",
            "building.yaml:19:28: 'mb1' names no point of a device; write DEVICE#POINT"
        ),
        (
            "from: mb1#power.active", "from: mb1#strange",
            "building.yaml:19:21: unknown type 'Strange_Sensor'; did you mean 'Usage_Sensor'?"
        ),
        ("unit: kW.h", "unit: kWh", "building.yaml:18:58: unknown unit 'kWh'; did you mean 'kW.h'?"),
        (
            "unit: kW.h", "unit: W.h",
            "building.yaml:18:58: point m1.energy-import is in 'kW.h' by its profile, not in 'W.h'"
        ),
        (
            "nature: counter", "nature: conter",
            "building.yaml:18:86: unknown word 'conter' at points.m1.energy-import.nature; did you mean 'counter'?"
        ),
        ("min: -50000", "min: 60000", "building.yaml:19:54: min is above max"),
        ("every: 5s", "every: 1500ms", "building.yaml:19:88: whole seconds only"),
        (
            "m1.power:  ", "m9.power:  ",
            "building.yaml:19:3: point m9.power belongs to the unknown entity 'm9'; did you mean 'm1'?"
        ),
        (
            "m1.power:  ", "power:     ",
            "building.yaml:19:3: 'power' is no point id; write ENTITY.NAME; an id has 1 to 63 of a-z 0-9 - _ and begins with a letter or digit"
        ),
        (
            "{tenant: t3, from: lora1#co2}", "{privacy: none, from: lora1#co2}",
            "building.yaml:21:31: co2 is at least of class 'indirect' by its profile"
        ),
        (
            "privacy: direct, ", "",
            "building.yaml:22:21: badge tells about single persons; write 'privacy: direct' to ask for it, or leave the point out"
        ),
        (
            "{tenant: t3, from: lora1#co2}", "{tenant: t3, stream: plant, from: lora1#co2}",
            "building.yaml:21:42: stream 'plant' holds m2.state of another privacy class or tenant; points of one stream are disclosed and erased together"
        ),
    ]) func `a mistake is told with its place and the way out`(old: String, new: String, message: String) {
        #expect(Sample.refusal(old, new) == message)
    }

    @Test func `two entities of one id are refused`() {
        #expect(Sample.refusal("ahu1:    {", "m1:    {").hasPrefix("building.yaml:10:3:"))
    }

    @Test func `a building without devices and points is a building`() throws {
        let building = try Sample.load("building: b\ntimezone: UTC\nentities:\n  b: {type: Building}\n")
        #expect(building.points.isEmpty)
        #expect(building.label == "b")
    }

    @Test(arguments: [
        "", "building: b", "- 1", "building: [1]\ntimezone: UTC\nentities: {}", "{{{",
        "building: b\ntimezone: UTC\nentities: 7",
    ])
    func `what is no building file is refused and never traps`(text: String) {
        #expect(throws: SourceError.self) { try Sample.load(text) }
    }
}
