import FieldTools
import Profiles
import Readings
import Testing

/// Goal: a SunSpec device becomes a profile, and a hostile one an end. Method: a fake device whose registers a test writes.
struct SunSpecTests {
    private func find(_ field: FakeField) throws -> SunSpecFinding {
        try #require(try SunSpecFinding.find(1, field, isWhole: true))
    }

    @Test(arguments: [40_000, 50_000, 0] as [UInt16])
    func `the marker is found at each of its places`(address: UInt16) throws {
        let found = try find(.sunSpec(at: address, [FakeField.common(), FakeField.inverter()]))
        #expect(found.map.address == address)
        #expect(found.map.models.map(\.id) == [1, 103])
        #expect(found.map.models.map(\.address) == [address + 2, address + 70])
        #expect(found.map.end == .ended)
    }

    @Test func `a device without marker has no models`() throws {
        let field = FakeField()
        field.put([0x5375, 0x6E54, 1, 66], at: 40_000, unit: 1)
        #expect(try SunSpecFinding.find(1, field) == nil)
        #expect(try SunSpecFinding.find(7, field) == nil)
    }

    @Test func `a list that is cut, has no end or lies about lengths ends the walk`() throws {
        func end(_ address: UInt16, _ words: [UInt16]) throws -> SunSpecMap {
            let field = FakeField()
            field.put([0x5375, 0x6E53] + words, at: address, unit: 1)
            return try find(field).map
        }
        #expect(try end(40_000, FakeField.common()).end == .refused)
        #expect(try end(40_000, []).models == [])
        #expect(try end(40_000, FakeField.common() + [0xFFFF]).end == .ended)
        #expect(try end(40_000, FakeField.common() + [0, 10]).end == .noModel)
        #expect(try end(40_000, [1, 0xFFFF]).end == .beyond)
        #expect(try end(40_000, [1, 0xFFFF]).models == [])
        #expect(try end(0, [9, 65_531]).end == .beyond)
        #expect(try end(0, [9, 65_531]).models.count == 1)
        #expect(try end(0, [9, 60_000]).end == .refused)
        let endless = try end(0, [UInt16](repeating: 0, count: 4_000).enumerated().map { $0.offset % 2 == 0 ? 9 : 0 })
        #expect(endless.end == .tooMany)
        #expect(endless.models.count == SunSpecMap.modelCountMax)
        let short = try find(.sunSpec(at: 40_000, [FakeField.common(), [103, 5, 65, 22, 22, 21, 0xFFFF]]))
        #expect(try short.profile.profile().points.map(\.id).contains("current"))
        #expect(try !short.profile.profile().points.map(\.id).contains("power.active"))
    }

    @Test func `the profile reads what the device says, by live scale factors`() throws {
        let field = FakeField.sunSpec(at: 40_000, [FakeField.common(), FakeField.inverter()])
        let found = try find(field)
        let made = found.profile
        #expect(made.id == "sunspec-acme-sun-10")
        #expect((made.manufacturer, made.model, made.version, made.serial) == ("Acme", "Sun 10", "1.2", "S-1"))
        let profile = try made.profile()
        let taken = try FieldRecorder.take(FieldRecorder.wants(profile), registerCountMax: 125) {
            (function, address, count) throws(FieldReadingError) in
            try field.read(unit: 1, function, address: address, count: count)
        }
        #expect(taken.refused == [])
        let dump = RegisterDump(device: "fake", unit: 1, profile: profile.id, recordedAtMs: 0, runs: taken.runs)
        let values = Dictionary(uniqueKeysWithValues: dump.decoded(profile).map { ($0.point.id, $0.value) })
        #expect(values["power.active"] == "4512")
        #expect(values["frequency"] == "49.98")
        #expect(values["voltage.l3"] == "230.3")
        #expect(values["energy.active.export"] == "184.22")
        #expect(values["temperature.cabinet"] == "41.2")
        #expect(values["state"] == "mppt")
        #expect(values["event.grid-disconnect"] == "true")
        #expect(values["serial"] == "S-1")
        #expect(profile.point("power.active")?.unit == "W")
        #expect(profile.point("energy.active.export")?.nature == .counter)
        #expect(profile.modbus?.identify.count == 3)
    }

    @Test func `what is not implemented is left out and named`() throws {
        let made = try find(.sunSpec(at: 40_000, [FakeField.common(), FakeField.inverter()])).profile
        let ids = try made.profile().points.map(\.id)
        for id in ["power.reactive", "power.factor", "current.dc", "power.dc", "temperature.heat-sink"] {
            #expect(!ids.contains(id) && made.leftOut.contains(id), "\(id)")
        }
        #expect(made.yaml.contains("Left out"))
    }

    @Test func `two measuring models keep their points apart`() throws {
        var meter: [UInt16] = [203, 105] + [UInt16](repeating: 0, count: 105)
        meter[18] = 1_200
        let made = try find(
            .sunSpec(at: 40_000, [FakeField.common(), FakeField.inverter(), meter, meter, [64_999, 4, 1, 2, 3, 4]])
        ).profile
        let ids = Set(try made.profile().points.map(\.id))
        #expect(
            ids.isSuperset(of: ["power.active", "meter.power.active", "meter2.power.active", "meter.power.active.l1"]))
        #expect(made.unknownModels == [64_999])
    }

    @Test func `every model that is known makes a profile that can be read`() throws {
        for id in [101, 102, 103, 111, 112, 113, 160, 201, 202, 203, 204, 211, 212, 213, 214, 701, 713, 714, 802] {
            var model = [UInt16(id), 153] + [UInt16](repeating: 1, count: 153)
            if id == 160 { model[1] = 48; model = Array(model.prefix(50)) }
            let made = try find(.sunSpec(at: 40_000, [FakeField.common(), model])).profile
            let profile = try made.profile()
            #expect(profile.points.count >= 8, "model \(id)")
            #expect(made.leftOut.allSatisfy { ["options"].contains($0) }, "model \(id): \(made.leftOut)")
        }
    }

    @Test func `names that a device makes up cannot break the file`() throws {
        for name in ["\"]: {x", "a\n- b", "\u{1B}[2J", "Ünïcödé æøå", "", "   ", "#%@`|>", "\\\\\\\"", "null"] {
            let made = try find(.sunSpec(at: 0, [FakeField.common(name, name), FakeField.inverter()])).profile
            #expect(throws: Never.self, "\(name)") { try made.profile() }
            #expect(made.id.hasPrefix("sunspec"))
        }
    }
}
