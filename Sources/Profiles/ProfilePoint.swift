package import Readings

/// One value of a device. Copies share what they say: a building binds the same few points of a profile thousands of times.
package struct ProfilePoint: Hashable, Sendable {
    private let facts: Facts

    /// `energy.active.import`, unique in its profile.
    package var id: String { facts.id }
    package var source: Source { facts.source }
    package var kind: ValueKind { facts.kind }
    /// Raw value to `unit`, exact.
    package var scale: Scale { facts.scale }
    /// UCUM; `nil` for states and texts.
    package var unit: String? { facts.unit }
    package var nature: Nature { facts.nature }
    /// Name of the Brick point class that fits, such as `Electric_Energy_Sensor`.
    package var brick: String { facts.brick }
    /// `import`, `export`, `charge` … where energy or matter goes one way.
    package var flow: String? { facts.flow }
    /// The least that a building file may say about who learns the values; `none` for plant and meters.
    package var privacy: PrivacyClass { facts.privacy }
    /// Names of the numbers of a state, in rising order.
    package var labels: [Label] { facts.labels }
    /// How a new value is written; `nil` for what can only be read.
    package var write: WriteAccess? { facts.write }

    init(
        id: String, source: Source, kind: ValueKind, scale: Scale, unit: String?, nature: Nature, brick: String,
        flow: String?, privacy: PrivacyClass, labels: [Label], write: WriteAccess?
    ) {
        facts = Facts(
            id: id, source: source, kind: kind, scale: scale, unit: unit, nature: nature, brick: brick, flow: flow,
            privacy: privacy, labels: labels, write: write)
    }

    package static func == (a: ProfilePoint, b: ProfilePoint) -> Bool {
        a.facts === b.facts
            || a.id == b.id && a.source == b.source && a.kind == b.kind && a.scale == b.scale && a.unit == b.unit
                && a.nature == b.nature && a.brick == b.brick && a.flow == b.flow && a.privacy == b.privacy
                && a.labels == b.labels && a.write == b.write
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(id)
        hasher.combine(source)
        hasher.combine(scale)
    }

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

/// What a point of a profile says; never changed.
private final class Facts: Sendable {
    let id: String
    let source: ProfilePoint.Source
    let kind: ValueKind
    let scale: Scale
    let unit: String?
    let nature: Nature
    let brick: String
    let flow: String?
    let privacy: PrivacyClass
    let labels: [ProfilePoint.Label]
    let write: WriteAccess?

    init(
        id: String, source: ProfilePoint.Source, kind: ValueKind, scale: Scale, unit: String?, nature: Nature,
        brick: String, flow: String?, privacy: PrivacyClass, labels: [ProfilePoint.Label], write: WriteAccess?
    ) {
        self.id = id
        self.source = source
        self.kind = kind
        self.scale = scale
        self.unit = unit
        self.nature = nature
        self.brick = brick
        self.flow = flow
        self.privacy = privacy
        self.labels = labels
        self.write = write
    }
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
