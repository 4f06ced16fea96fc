import Foundation
import Gateway
import Readings
import Testing
import TwinModel

@Suite struct TwinMessageTests {
    static func point(unit: String? = "kW.h", kind: ValueKind = .float32, scale: Scale = .identity) -> Point {
        Point(
            id: "m1.energy", entity: "m1", type: "Electric_Energy_Sensor", unit: unit, nature: .counter,
            binding: Binding(device: "mb1", profilePoint: "energy", profile: "p", profileHash: []), expectedSeconds: 10,
            kind: kind, scale: scale)
    }

    static func message(_ value: RawValue, _ quality: Quality = .good, _ point: Point = point()) throws -> (
        text: String, members: [String: Any]
    ) {
        let text = TwinMessage.json(
            Reading(point: PointNumber(7), capturedAtMs: 1_772_359_200_123, quality: quality, value: value), point)
        let read = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any]
        return (text, try #require(read))
    }

    @Test func `a value is told with its instant, unit and quality, as shown`() throws {
        let told = try Self.message(.float32(bits: Float(12_345.679).bitPattern)).text
        #expect(told == #"{"at":"2026-03-01T10:00:00.123Z","value":12345.679,"unit":"kW.h","quality":"good"}"#)
    }

    @Test func `scale and offset are applied exactly`() throws {
        let point = Self.point(kind: .integer, scale: Scale(mantissa: 1, exponent: -1))
        #expect(try Self.message(.integer(-215), .good, point).text.contains("\"value\":-21.5,"))
    }

    @Test(arguments: Quality.allCases) func `only a good or overridden quality has a value`(_ quality: Quality) throws {
        let members = try Self.message(.float32(bits: Float(1).bitPattern), quality).members
        #expect(members["quality"] as? String == quality.name)
        #expect((members["value"] is NSNull) == (quality != .good && quality != .overridden))
    }

    @Test(arguments: [
        RawValue.none, .text("\"},{\n"), .float32(bits: Float.nan.bitPattern),
        .float64(bits: Double.infinity.bitPattern),
        .event([1, 2, 3]), .large(UInt64.max), .integer(Int64.min), .float64(bits: 0x0000_0000_0000_0001),
        .float64(bits: Double.greatestFiniteMagnitude.bitPattern), .float32(bits: 0x8000_0000),
    ])
    func `whatever the raw value is, the message is JSON`(_ value: RawValue) throws {
        #expect(try Self.message(value).members.count == 4)
    }

    @Test func `a point without unit says null`() throws {
        let members = try Self.message(.integer(1), .good, Self.point(unit: nil, kind: .integer)).members
        #expect(members["unit"] is NSNull)
    }
}
