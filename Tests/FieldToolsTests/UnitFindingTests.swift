import FieldTools
import Profiles
import Testing

/// Goal: whoever answers is found and named. Method: units of every manner in one fake field.
struct UnitFindingTests {
    private static let profileText = """
        profile: acme-meter
        vendor: Acme
        models: [M]
        transport: modbus
        confidence: B
        provenance: [p]
        identify:
          - {address: 11, words: [0x0048]}
        points:
          a: {address: 1, type: u16, nature: gauge, brick: Sensor}
        """

    @Test func `words, an exception, identification and profiles are told; silence and a gateway's excuse are nobody`()
        throws
    {
        let profile = try DeviceProfile.load(Self.profileText.utf8, file: "acme-meter.yaml")
        let field = FakeField.sunSpec(at: 40_000, [FakeField.common(), FakeField.inverter()])
        field.put([1], at: 0, unit: 2)
        field.put([0x48], at: 11, unit: 2)
        field.objects[2] = [DeviceObject(id: 0, text: "Ac\u{1B}me")]
        field.refusing = [3: 2, 4: 11, 5: 10]
        func ask(_ unit: UInt8) throws -> UnitFinding? { try UnitFinding.ask(unit, field, profiles: [profile]) }
        let inverter = try #require(try ask(1))
        #expect(inverter.answer == .refused(code: 2))
        #expect(inverter.sunSpec?.profile.manufacturer == "Acme")
        #expect(inverter.lines.contains("    model 103 at 40070, 50 registers: inverter, three phases"))
        let meter = try #require(try ask(2))
        #expect(meter.profiles == ["acme-meter"])
        #expect(meter.lines == ["unit 2  profile acme-meter", "  vendor Ac\u{FFFD}me"])
        #expect(
            meter.json.description
                == #"{"unit":2,"exception":null,"identification":[{"id":0,"name":"vendor","text":"Ac\u001bme"}],"sunspec":null,"profiles":["acme-meter"]}"#
        )
        #expect(try ask(3)?.lines == ["unit 3  (answers with exception 2: illegal data address)"])
        #expect(try ask(4) == nil)
        #expect(try ask(5) == nil)
        #expect(try ask(6) == nil)
        #expect(try UnitFinding.ask(2, field, profiles: [profile], isStopped: { true })?.profiles == [])
    }

    @Test func `every exception has its words`() {
        #expect(
            FieldReadingError.refused(code: 2).description == "the device refuses: exception 2: illegal data address")
        for code in UInt8(0)...255 { #expect(!FieldReadingError.words(exception: code).isEmpty) }
    }
}
