package import Readings

/// One value of a device.
package struct ProfilePoint: Hashable, Sendable {
    /// `energy.active.import`, unique in its profile.
    package let id: String
    package let source: Source
    package let kind: ValueKind
    /// Raw value to `unit`, exact.
    package let scale: Scale
    /// UCUM; `nil` for states and texts.
    package let unit: String?
    package let nature: Nature
    /// Name of the Brick point class that fits, such as `Electric_Energy_Sensor`.
    package let brick: String
    /// `import`, `export`, `charge` … where energy or matter goes one way.
    package let flow: String?
    /// The least that a building file may say about who learns the values; `none` for plant and meters.
    package let privacy: PrivacyClass
    /// Names of the numbers of a state, in rising order.
    package let labels: [Label]
    /// How a new value is written; `nil` for what can only be read.
    package let write: WriteAccess?

    package enum Source: Hashable, Sendable {
        case modbus(ModbusPoint)
        case mqtt(MQTTPoint)
    }

    package struct Label: Hashable, Sendable {
        package let value: Int64
        package let name: String

        package init(value: Int64, name: String) {
            self.value = value
            self.name = name
        }
    }

    package var modbus: ModbusPoint? {
        if case .modbus(let point) = source { point } else { nil }
    }

    package var mqtt: MQTTPoint? {
        if case .mqtt(let point) = source { point } else { nil }
    }

    package func label(of value: Int64) -> String? { labels.first { $0.value == value }?.name }
}

/// A point of the building tied to a point of a device: what a connection reads and under which number it tells it.
package struct BoundPoint: Hashable, Sendable {
    package let point: PointNumber
    package let source: ProfilePoint
    /// Time between two reads, milliseconds; MQTT devices speak when they like.
    package let everyMs: Int64

    package init(point: PointNumber, source: ProfilePoint, everyMs: Int64) {
        self.point = point
        self.source = source
        self.everyMs = everyMs
    }
}
