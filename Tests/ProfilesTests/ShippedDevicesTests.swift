import Foundation
import Profiles
import Readings
import Testing

/// Goal: forty real devices can be used without writing a profile, and none of the profiles promises what it does not hold.
struct ShippedDevicesTests {
    let library: ProfileLibrary

    init() throws { library = try Shipped.read() }

    private var modbus: [(profile: DeviceProfile, points: [ModbusPoint], limits: ReadLimits)] {
        library.profiles.compactMap { profile in
            profile.modbus.map { (profile, profile.points.compactMap(\.modbus), $0.limits) }
        }
    }

    @Test func `at least forty profiles are of a device that can be bought`() {
        let devices = library.profiles.filter { $0.vendor != "Plumbline" && $0.id != "sunspec-inverter" }
        #expect(devices.count >= 40, "\(devices.count)")
        for profile in devices {
            #expect(!profile.vendor.isEmpty && profile.models.allSatisfy { !$0.isEmpty }, "\(profile.id)")
        }
    }

    @Test func `where a device can say that it has no value, a test has it say so`() {
        for (profile, _, _) in modbus {
            let canSayNothing = profile.points.filter { !($0.modbus?.notAvailable.isEmpty ?? true) }
            guard !canSayNothing.isEmpty else { continue }
            #expect(profile.tests.contains { $0.value == nil }, "\(profile.id)")
        }
    }

    @Test func `no two points of a profile read the same bits`() {
        for (profile, points, _) in modbus {
            var owners: [[Int]: String] = [:]
            for (point, id) in zip(points, profile.points.map(\.id)) {
                for bit in Self.bits(of: point) {
                    let old = owners.updateValue(id, forKey: [Int(point.function.rawValue), bit])
                    #expect(old == nil, "\(profile.id): \(id) and \(old ?? "")")
                }
            }
        }
    }

    /// Bits of the device's memory, numbered over all registers of a function.
    private static func bits(of point: ModbusPoint) -> [Int] {
        if point.function.readsBits { return [Int(point.address)] }
        if let bits = point.bits {
            return bits.map { (Int(point.address) + point.wordCount - 1 - $0 / 16) * 16 + $0 % 16 }
        }
        return Array(Int(point.address) * 16..<(Int(point.address) + point.wordCount) * 16)
    }

    @Test func `points without a hole between them take no more requests than their span needs`() {
        for (profile, points, limits) in modbus where limits.boundaries.isEmpty {
            for part in Self.contiguous(points) {
                let widest = part.map(\.span.count).max() ?? 1
                let limit = part[0].function.readsBits ? 2000 : limits.registerCountMax
                let span = (part.map(\.span.upperBound).max() ?? 0) - part[0].span.lowerBound + 1
                let plan = ReadPlan(points: part, limits: limits)
                // A value is never cut, so the end of a request may stay empty by less than the widest value.
                let usable = limit - limit % widest
                #expect(plan.requests.count <= (span + usable - 1) / usable, "\(profile.id): \(plan)")
            }
        }
    }

    private static func contiguous(_ points: [ModbusPoint]) -> [[ModbusPoint]] {
        let sorted = points.sorted {
            ($0.function.rawValue, $0.span.lowerBound) < ($1.function.rawValue, $1.span.lowerBound)
        }
        var parts: [[ModbusPoint]] = []
        var end = -1
        for point in sorted {
            if let last = parts.last?.last, last.function == point.function, point.span.lowerBound <= end + 1 {
                parts[parts.count - 1].append(point)
                end = max(end, point.span.upperBound)
            } else {
                parts.append([point])
                end = point.span.upperBound
            }
        }
        return parts
    }

    @Test func `what can be written takes its least and greatest value, and says no to one beyond`() throws {
        var count = 0
        for (profile, _, _) in modbus {
            for point in profile.points {
                guard let write = point.write, let place = point.modbus else { continue }
                count += 1
                #expect(point.nature == .setpoint || point.nature == .state, "\(profile.id) \(point.id)")
                for value in [write.min, write.max].compactMap(\.self) {
                    let raw = try #require(
                        Self.raw(value, point), "\(profile.id) \(point.id): \(value) is no whole step of the device")
                    #expect(place.decode(try place.encode(raw)) == (raw, .good), "\(profile.id) \(point.id)")
                }
                for label in point.labels {
                    #expect(
                        place.decode(try place.encode(.integer(label.value))).0 == .integer(label.value),
                        "\(profile.id) \(point.id)")
                }
            }
        }
        #expect(count >= 20, "\(count)")
    }

    /// The raw value of a number, by trying the scale: this test is no second implementation of it.
    private static func raw(_ value: ExactDecimal, _ point: ProfilePoint) -> RawValue? {
        if point.kind == .float32 { return .float32(bits: Float(value.double).bitPattern) }
        let step = point.scale.engineering(.integer(1))?.double ?? 1
        let near = RawValue.integer(Int64((value.double / step).rounded()))
        return point.scale.engineering(near) == value ? near : nil
    }

    @Test func `one profile serves several variants, and no other device`() throws {
        let ethernet = try #require(library.profile("carlo-gavazzi-em24-e1")?.modbus?.identify.first)
        let serial = try #require(library.profile("carlo-gavazzi-em24")?.modbus?.identify.first)
        for code in UInt16(1648)...1653 {
            #expect(ethernet.accepts([code]) && !serial.accepts([code]))
        }
        #expect(serial.accepts([71]) && !ethernet.accepts([71]))
        #expect(!ethernet.accepts([]) && !ethernet.accepts([1648, 1648]))
        let import24 = try #require(library.profile("carlo-gavazzi-em24")?.point("energy.active.import")?.modbus)
        let importE1 = try #require(library.profile("carlo-gavazzi-em24-e1")?.point("energy.active.import")?.modbus)
        #expect(import24.address == 0x42 && importE1.address == 0x34)
    }

    @Test func `documents that count from one are one less on the wire`() throws {
        let places: [(profile: String, point: String, wire: UInt16)] = [
            ("schneider-pm5100", "current.l1", 2999), ("lovato-dmg610", "voltage.l1", 1),
            ("komfovent-c6", "temperature.supply", 901), ("danfoss-fc102", "control-word", 49_999),
            ("abb-acs355", "control-word", 0), ("abb-ach580", "actual.2", 5),
            ("eastron-sdm120", "energy.active.import", 72),
        ]
        for place in places {
            #expect(
                library.profile(place.profile)?.point(place.point)?.modbus?.address == place.wire,
                "\(place.profile) \(place.point)")
        }
    }

    @Test func `cards, sessions and rooms are not plant data`() {
        for profile in library.profiles {
            for point in profile.points {
                if point.id.contains("rfid") || point.nature == .session {
                    #expect(point.privacy == .direct, "\(profile.id) \(point.id)")
                }
                if point.id.hasSuffix("temperature.room") {
                    #expect(point.privacy == .indirect || point.privacy == .direct, "\(profile.id) \(point.id)")
                }
            }
        }
    }

    @Test func `every shipped profile is listed in the documentation with its confidence`() throws {
        let page = Shipped.folder.deletingLastPathComponent().appending(path: "Docs/add-a-device.md")
        let lines = try String(contentsOf: page, encoding: .utf8).split(separator: "\n")
        for profile in library.profiles {
            let row = lines.first { $0.hasPrefix("| `\(profile.id)` |") }
            #expect(row != nil, "no row for \(profile.id) in Docs/add-a-device.md")
            #expect(row?.hasSuffix("| \(profile.confidence.rawValue) |") ?? true, "\(profile.id): \(row ?? "")")
        }
    }
}
