package import CanonicalCBOR
package import Hashing
import Readings

extension Building {
    /// Version of the canonical form that this code writes and reads.
    package static let canonicalVersion: UInt64 = 1
    /// A stored revision is at most this long.
    package static let canonicalSizeBytesMax = 16 << 20

    /// The one sequence of bytes of this revision, before encoding: `[1, "building", id, label, timezone, [entity], [device], [point]]`.
    package func canonical() -> CBOR {
        .array([
            .unsigned(Self.canonicalVersion), .text("building"), .text(id), .text(label), .text(timeZone),
            .array(entities.map(\.canonical)), .array(devices.map(\.canonical)), .array(points.map(\.canonical)),
        ])
    }

    /// SHA-256 of the canonical bytes; stands in the configuration items of the log.
    package var modelHash: Hash { sha256(canonical().encoded()) }
}

extension Entity {
    /// `[id, type, label, [[relation, target]], [[annotation, [[name, value]]]]]`.
    fileprivate var canonical: CBOR {
        .array([
            .text(id), .text(type), .text(label),
            .array(relations.map { .array([.text($0.kind.rawValue), .text($0.target)]) }),
            .array(
                annotations.map { annotation in
                    .array([
                        .text(annotation.name),
                        .array(annotation.fields.map { .array([.text($0.name), .text($0.value)]) }),
                    ])
                }),
        ])
    }
}

extension Device {
    /// `[id, profile, profile hash, address]`, and `[timeout, gap]` in ms behind them where a file gives one of the two.
    fileprivate var canonical: CBOR {
        let fields: [CBOR] = [.text(id), .text(profile), .bytes(profileHash), address.canonical]
        return .array(patience == .standard ? fields : fields + [patience.canonical])
    }
}

extension Patience {
    /// `null` for what no file gives.
    fileprivate var canonical: CBOR {
        .array([timeoutMs, gapMs].map { $0.map { .unsigned(UInt64($0)) } ?? .null })
    }
}

extension DeviceAddress {
    /// `["modbus", host, port, unit]`, `["rtutcp", host, port, unit]`, `["serial", path, baud, mode, unit]` or `["mqtt", root]`.
    fileprivate var canonical: CBOR {
        switch self {
        case .modbus(let host, let port, let unit):
            .array([.text("modbus"), .text(host), .unsigned(UInt64(port)), .unsigned(UInt64(unit))])
        case .rtuOverTCP(let host, let port, let unit):
            .array([.text("rtutcp"), .text(host), .unsigned(UInt64(port)), .unsigned(UInt64(unit))])
        case .serial(let path, let baud, let mode, let unit):
            .array([.text("serial"), .text(path), .unsigned(UInt64(baud)), .text(mode), .unsigned(UInt64(unit))])
        case .mqtt(let root): .array([.text("mqtt"), .text(root)])
        }
    }
}

extension Point {
    /// `[id, type, unit, nature, flow, privacy, tenant, [min, max], [device, profile point, profile, profile hash], expected
    /// seconds, kind, [mantissa, exponent, offset mantissa, offset exponent], stream, aggregate, …extensions]`; limits are
    /// decimal text. Each extension is an array that begins with its name and stands there only when the point has it.
    fileprivate var canonical: CBOR {
        let extensions = [report.map { reportCanonical($0) }, command?.canonical].compactMap { $0 }
        return .array(
            [
                .text(id), .text(type), text(unit), .text(nature.rawValue), text(flow?.rawValue),
                .text(privacy.rawValue), text(tenant),
                .array([text(limits.min?.description), text(limits.max?.description)]),
                .array([
                    .text(binding.device), .text(binding.profilePoint), .text(binding.profile),
                    .bytes(binding.profileHash),
                ]),
                expectedSeconds.map { .unsigned(UInt64($0)) } ?? .null, .unsigned(UInt64(kind.rawValue)),
                .array([
                    .int(scale.mantissa), .int(scale.exponent), .int(scale.offsetMantissa), .int(scale.offsetExponent),
                ]),
                .text(stream), .text(aggregate.rawValue),
            ] + extensions)
    }

    /// `["report", band or null, min ms, max ms, poll seconds or null]`; the band is text, `0.5` or `2%`.
    private func reportCanonical(_ rule: ReportRule) -> CBOR {
        .array([
            .text("report"), text(rule.band?.text), .int(rule.minMs), .int(rule.maxMs),
            pollSeconds.map { .unsigned(UInt64($0)) } ?? .null,
        ])
    }

    private func text(_ value: String?) -> CBOR { value.map { .text($0) } ?? .null }
}

extension CommandRule {
    static let canonicalName = "command"

    /// `["command", min, max, step, every ms, critical 0 or 1, [[value, label]]]`; bounds and step are decimal text or null.
    fileprivate var canonical: CBOR {
        let bounds = [min, max, step].map { $0.map { CBOR.text($0.description) } ?? .null }
        return .array(
            [.text(Self.canonicalName)] + bounds + [
                .int(everyMs), .unsigned(isCritical ? 1 : 0),
                .array(labels.map { .array([.int($0.value), .text($0.name)]) }),
            ])
    }
}
