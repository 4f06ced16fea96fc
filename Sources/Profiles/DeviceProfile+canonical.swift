import CanonicalCBOR
import Hashing
import Readings

extension DeviceProfile {
    /// SHA-256 over the canonical CBOR of everything in a profile that changes what is read or what it means, defaults written
    /// out, addresses as on the wire. Notes and tests do not count.
    static func canonicalHash(
        id: String, revision: Int, vendor: String, models: [String], transport: Transport, confidence: Confidence,
        provenance: [String], points: [ProfilePoint]
    ) -> Hash {
        let form = CBOR.array([
            .int(1), .text(id), .int(Int64(revision)), .text(vendor), texts(models), transport.canonical,
            .text(confidence.rawValue), texts(provenance), .array(points.map(\.canonical)),
        ])
        return sha256(form.encoded())
    }

    private static func texts(_ list: [String]) -> CBOR { .array(list.map { .text($0) }) }
}

extension DeviceProfile.Transport {
    fileprivate var canonical: CBOR {
        switch self {
        case .modbus(let dialect):
            .array([
                .text("modbus"), .int(Int64(dialect.limits.registerCountMax)), .int(Int64(dialect.limits.gap)),
                .array(dialect.limits.boundaries.map { .int(Int64($0)) }),
                .array(dialect.identify.map(\.canonical)),
            ])
        case .mqtt(let dialect):
            .array(
                [
                    .text("mqtt"),
                    dialect.availability.map {
                        .array([
                            .text($0.topic.description), optional($0.path?.description), .text($0.online),
                            .text($0.offline),
                        ])
                    } ?? .null,
                ] + (dialect.tlv.map { [$0.canonical] } ?? []))
        }
    }
}

extension IdentityCheck {
    fileprivate var canonical: CBOR {
        var parts: [CBOR] = [
            .int(Int64(function.rawValue)), .int(Int64(address)), .array(words.map { .int(Int64($0)) }),
        ]
        if !alternatives.isEmpty { parts.append(.array(alternatives.map { .array($0.map { .int(Int64($0)) }) })) }
        return .array(parts)
    }
}

extension ProfilePoint {
    fileprivate var canonical: CBOR {
        var parts: [CBOR] = [
            .text(id), source.canonical, .int(Int64(kind.rawValue)), .int(scale.mantissa), .int(scale.exponent),
            .int(scale.offsetMantissa), .int(scale.offsetExponent), optional(unit), .text(nature.rawValue),
            .text(brick), optional(flow), .text(privacy.rawValue),
            .array(labels.map { .array([.int($0.value), .text($0.name)]) }),
        ]
        // Only where there is one, so that profiles of before keep their hash.
        if let write { parts.append(write.canonical) }
        return .array(parts)
    }
}

extension WriteAccess {
    fileprivate var canonical: CBOR {
        let place: CBOR =
            switch way {
            case .modbus(let function, let address):
                .array([.text("modbus"), .int(Int64(function.rawValue)), .int(Int64(address))])
            case .mqtt(let topic, let payload):
                .array([.text("mqtt"), .text(topic.description), .text(payload)])
            }
        return .array([
            place, optional(min?.description), optional(max?.description), optional(step?.description),
            .int(everyMsMin),
        ])
    }
}

extension ProfilePoint.Source {
    fileprivate var canonical: CBOR {
        switch self {
        case .modbus(let point):
            .array([
                .int(Int64(point.function.rawValue)), .int(Int64(point.address)), .text(point.type.rawValue),
                .text(point.order.rawValue), .int(Int64(point.wordCount)),
                point.bits.map { .array([.int(Int64($0.lowerBound)), .int(Int64($0.upperBound))]) } ?? .null,
                .array(point.notAvailable.map { .unsigned($0) }), point.scaleRegister.map { .int(Int64($0)) } ?? .null,
            ])
        case .mqtt(let point):
            .array(
                [
                    .text(point.topic.description), point.place.canonical, .text(point.type.rawValue),
                    point.match.map { .array([.text($0.path.description)] + $0.equals.map { .text($0) }) } ?? .null,
                    point.time.map {
                        .array(
                            [.text($0.path.description), .text($0.form.rawValue)]
                                + ($0.zone.map { [.text($0.name)] } ?? []))
                    } ?? .null,
                    .text(point.retained.rawValue), .array(point.notAvailable.map { .text($0) }),
                    // Only where it is said, so that profiles of before keep their hash.
                ] + (point.omitted == .nothing ? [] : [.text(point.omitted.rawValue)]))
        }
    }
}

extension MQTTPoint.Place {
    fileprivate var canonical: CBOR {
        switch self {
        case .path(let path): .array([.text("path"), .text(path.description)])
        case .plain: .array([.text("plain")])
        case .capture(let name): .array([.text("capture"), .text(name)])
        case .metric(let name): .array([.text("metric"), .text(name)])
        case .record(let field):
            .array([
                .text("record"), .int(Int64(field.channel)), .int(Int64(field.type)), .int(Int64(field.at)),
                .text(field.number.rawValue), .text(field.order.rawValue),
                field.bits.map { .array([.int(Int64($0.lowerBound)), .int(Int64($0.upperBound))]) } ?? .null,
                .array(field.notAvailable.map { .unsigned($0) }),
            ])
        }
    }
}

extension MQTTPoint.SourceTime.Zone {
    fileprivate var name: String {
        switch self {
        case .building: "building"
        case .named(let name): name
        }
    }
}

extension TLVTable {
    fileprivate var canonical: CBOR {
        .array([
            .text(path.description), .text(encoding.rawValue),
            .array(
                records.map { .array([.int(Int64($0.channel)), .int(Int64($0.type)), .int(Int64($0.sizeBytes))]) }),
        ])
    }
}

private func optional(_ text: String?) -> CBOR { text.map { .text($0) } ?? .null }
