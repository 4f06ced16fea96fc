import Readings
import TwinModel

enum Sample {
    static let hash = [UInt8](repeating: 0xAB, count: 32)

    static func point(
        _ id: String, unit: String? = "W", nature: Nature = .gauge, limits: Limits = .none, expected: UInt32? = 10,
        device: String = "mb1", privacy: PrivacyClass = .none, tenant: String? = nil
    ) -> Point {
        Point(
            id: id, entity: String(id.prefix { $0 != "." }), type: "Electric_Power_Sensor", unit: unit, nature: nature,
            flow: .import, privacy: privacy, tenant: tenant, limits: limits,
            binding: Binding(
                device: device, profilePoint: "power.active", profile: "eastron-sdm630", profileHash: hash),
            expectedSeconds: expected, kind: .integer,
            scale: Scale(mantissa: 1, exponent: -1, offsetMantissa: -40, offsetExponent: 0))
    }

    static func building(_ points: [Point]) -> Building {
        Building(
            id: "bk16", label: "House 16", timeZone: "Europe/Oslo",
            entities: [
                Entity(id: "house", type: "Building", label: "House 16"),
                Entity(
                    id: "m1", type: "Building_Electrical_Meter", label: "Main meter",
                    relations: [Relation(.meters, "house"), Relation(.at, "house")],
                    annotations: [
                        Annotation(
                            name: "metrology",
                            fields: [.init(name: "class", value: "B"), .init(name: "serial", value: "4711")])
                    ]),
            ],
            devices: [
                Device(
                    id: "mb1", profile: "eastron-sdm630", profileHash: hash,
                    address: .modbus(host: "10.0.0.20", port: 502, unit: 1)),
                Device(
                    id: "rtu1", profile: "eastron-sdm630", profileHash: hash,
                    address: .serial(path: "/dev/ttyUSB0", baud: 9600, mode: "8N1", unit: 2)),
                Device(
                    id: "lora1", profile: "milesight-am308", profileHash: hash, address: .mqtt(root: "application/1")),
            ],
            points: points)
    }

    static func numbering(_ building: Building) -> Numbering {
        Numbering(
            points: Dictionary(
                uniqueKeysWithValues: building.points.enumerated().map { ($1.id, PointNumber(UInt32($0 + 1))) }),
            streams: Dictionary(
                uniqueKeysWithValues: building.streams.enumerated().map { ($1.name, StreamNumber(UInt32($0 + 1))) }))
    }
}
