import CanonicalCBOR
import Readings
import Testing
import TwinModel

@Suite struct BuildingTests {
    let building = Sample.building([
        Sample.point("m1.power", limits: Limits(min: ExactDecimal(text: "-2.5"), max: ExactDecimal(text: "100"))),
        Sample.point("m1.state", unit: nil, nature: .state, expected: nil),
        Sample.point("house.co2", unit: "[ppm]", device: "lora1", privacy: .indirect, tenant: "t3"),
    ])

    @Test func `a building reads back from its canonical bytes`() throws {
        let bytes = building.canonical().encoded()
        let back = try Building(canonicalBytes: bytes)
        #expect(back == building)
        #expect(back.modelHash == building.modelHash)
    }

    @Test func `a report rule is kept, and a building without one has the bytes it always had`() throws {
        let rules = [
            ReportRule(band: .absolute(ExactDecimal(mantissa: 5, exponent: -1)), minMs: 1_000, maxMs: 60_000),
            ReportRule(band: .percent(ExactDecimal(mantissa: 2, exponent: 0)), minMs: 0, maxMs: 900_000),
            ReportRule(band: nil, minMs: 0, maxMs: 1_000),
        ]
        let plain = Sample.point("m1.power")
        for rule in rules {
            let point = Point(
                id: plain.id, entity: plain.entity, type: plain.type, unit: plain.unit, nature: plain.nature,
                binding: plain.binding, expectedSeconds: 60, kind: plain.kind, scale: plain.scale, report: rule,
                pollSeconds: 10)
            let ruled = Sample.building([point])
            let back = try Building(canonicalBytes: ruled.canonical().encoded())
            #expect(back == ruled)
            #expect(back.points.first?.report == rule)
            #expect(back.points.first?.pollSeconds == 10)
            #expect(ruled.changes(since: Sample.building([plain])).count == 1)
        }
        // Version 1 without extensions: fourteen elements of a point, as an older program wrote them.
        let points = Sample.building([plain]).canonical().asArray?.last?.asArray
        #expect(points?.first?.asArray?.count == 14)
    }

    @Test(arguments: ["", "-1", "0%", "-2%", "2%%", "two", "%"])
    func `what is no band is refused`(text: String) { #expect(ReportRule.Band(text: text) == nil) }

    @Test func `bands compare exactly, and by nearest double where 128 bits do not hold the numbers`() throws {
        let rule = ReportRule(band: ReportRule.Band(text: "0.1"), minMs: 0, maxMs: 1_000)
        func number(_ text: String) throws -> ExactDecimal { try #require(ExactDecimal(text: text)) }
        #expect(!rule.counts(try number("0.3"), after: try number("0.2")))
        #expect(rule.counts(try number("0.30000000000000000001"), after: try number("0.2")))
        #expect(rule.counts(try number("1e300"), after: try number("1e-300")))
        #expect(!rule.counts(try number("1e-300"), after: try number("-1e-300")))
        let share = ReportRule(band: ReportRule.Band(text: "50%"), minMs: 0, maxMs: 1_000)
        #expect(share.counts(try number("1e300"), after: try number("1e299")))
        #expect(!share.counts(try number("-3"), after: try number("-2")))
        #expect(share.counts(try number("-3.1"), after: try number("-2")))
    }

    private func house(_ device: Device) -> Building {
        Building(id: "h", label: "h", timeZone: "UTC", entities: [], devices: [device], points: [])
    }

    @Test func `a device that gives no patience is written as before there was one`() throws {
        let address = DeviceAddress.modbus(host: "h", port: 502, unit: 1)
        let plain = house(Device(id: "d", profile: "p", profileHash: [1], address: address))
        let fields = plain.canonical().asArray?[6].asArray?.first?.asArray
        #expect(fields?.count == 4)
        let patient = house(
            Device(
                id: "d", profile: "p", profileHash: [1], address: address,
                patience: Patience(timeoutMs: 3_000, gapMs: nil)))
        #expect(try Building(canonicalBytes: patient.canonical().encoded()) == patient)
        #expect(patient.modelHash != plain.modelHash)
        #expect(
            patient.changes(since: plain).flatMap(\.fields) == [
                ModelChange.Field(name: "timeout", from: nil, to: "3000ms")
            ])
    }

    @Test func `RTU over TCP is told apart from Modbus TCP at the same place`() throws {
        let rtu = house(
            Device(
                id: "d", profile: "p", profileHash: [1], address: .rtuOverTCP(host: "fe80::1", port: 4001, unit: 2)))
        #expect(try Building(canonicalBytes: rtu.canonical().encoded()) == rtu)
        #expect(rtu.devices.first?.address.text == "rtutcp://[fe80::1]:4001 unit 2")
    }

    @Test func `the order of a building file does not reach the hash`() {
        let other = Building(
            id: building.id, label: building.label, timeZone: building.timeZone, entities: building.entities.reversed(),
            devices: building.devices.reversed(), points: building.points.reversed())
        #expect(other.modelHash == building.modelHash)
    }

    @Test func `bytes that are damaged anywhere are refused or are another building, and never trap`() {
        let bytes = building.canonical().encoded()
        for index in bytes.indices {
            for bit in [0, 3, 7] {
                var damaged = bytes
                damaged[index] ^= 1 << UInt8(bit)
                if let other = try? Building(canonicalBytes: damaged) {
                    #expect(other.canonical().encoded() == damaged)
                    #expect(other.modelHash != building.modelHash)
                }
            }
        }
        for count in 0..<bytes.count {
            #expect(throws: BuildingDecodingError.self) { try Building(canonicalBytes: Array(bytes.prefix(count))) }
        }
    }

    @Test func `a newer form is named by its version`() {
        let newer = CBOR.array([.unsigned(2), .text("building")]).encoded()
        #expect(throws: BuildingDecodingError.unknownVersion(2)) { try Building(canonicalBytes: newer) }
    }

    @Test func `streams follow from device, tenant and privacy`() {
        #expect(building.streams.map(\.name) == ["lora1/t3/indirect", "mb1/none"])
        #expect(building.streams.map(\.points) == [["house.co2"], ["m1.power", "m1.state"]])
        #expect(building.streams.map(\.privacy) == [.indirect, .none])
        #expect(building.streams.map(\.tenant) == ["t3", nil])
    }

    @Test func `what is asked for by id is found, and nothing else`() {
        #expect(building.point("m1.power")?.name == "power")
        #expect(building.point("m1.powe") == nil)
        #expect(building.point("zz") == nil)
        #expect(building.entity("house")?.type == "Building")
        #expect(building.device("rtu1") != nil)
        #expect(building.points(of: "m1").map(\.id) == ["m1.power", "m1.state"])
    }

    @Test func `a change names every field that differs, what came and what left`() {
        let moved = Building(
            id: building.id, label: building.label, timeZone: building.timeZone,
            entities: building.entities.map {
                $0.id == "m1"
                    ? Entity(
                        id: "m1", type: $0.type, label: $0.label, relations: [Relation(.meters, "house")],
                        annotations: [
                            Annotation(
                                name: "metrology",
                                fields: [.init(name: "class", value: "B"), .init(name: "serial", value: "4712")])
                        ])
                    : $0
            },
            devices: building.devices.filter { $0.id != "rtu1" },
            points: building.points + [Sample.point("m1.voltage", unit: "V")])
        let changes = moved.changes(since: building)
        #expect(
            changes.map { "\($0.kind) \($0.subject) \($0.id)" } == [
                "removed device rtu1", "changed entity m1", "added point m1.voltage",
            ])
        #expect(
            changes[1].fields == [
                .init(name: "at", from: "house", to: nil), .init(name: "metrology.serial", from: "4711", to: "4712"),
            ])
        #expect(changes[2].fields.contains(.init(name: "unit", from: nil, to: "V")))
        #expect(changes[2].fields.contains(.init(name: "scale", from: nil, to: "1e-1")))
        #expect(building.changes(since: building).isEmpty)
    }

    @Test(arguments: ["m1", "a-b_c", "0", "x0"]) func `a lower-case id is legal`(id: String) {
        #expect(Identifier.isLegal(id))
    }

    @Test(arguments: ["", "-a", "_", "A", "a.b", "a/b", "å", "a b", String(repeating: "a", count: 64)])
    func `an id that could not be part of a path or topic is not`(id: String) { #expect(!Identifier.isLegal(id)) }
}
