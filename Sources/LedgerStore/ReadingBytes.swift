internal import CanonicalCBOR
internal import Readings

/// How a reading stands in the tables that are not the log: open rows and latest values. The log's own form is
/// `LogEntries`'.
extension Reading {
    /// `[point, captured ms, source ms or null, quality, tag, value]`.
    func stored() -> [UInt8] {
        let (tag, content): (UInt64, CBOR) =
            switch value {
            case .none: (0, .null)
            case .integer(let number): (1, .int(number))
            case .large(let number): (2, .unsigned(number))
            case .float32(let bits): (3, .unsigned(UInt64(bits)))
            case .float64(let bits): (4, .unsigned(bits))
            case .number(let token): (5, .text(token))
            case .text(let text): (6, .text(text))
            case .event(let bytes): (7, .bytes(bytes))
            }
        return CBOR.array([
            .unsigned(UInt64(point.rawValue)), .int(capturedAtMs), sourceAtMs.map { .int($0) } ?? .null,
            .unsigned(UInt64(quality.rawValue)), .unsigned(tag), content,
        ]).encoded()
    }

    /// `nil` when the bytes are not what `stored` makes.
    init?(stored bytes: [UInt8]) {
        guard let parts = (try? CBOR.decode(bytes))?.asArray,  // not decodable: the caller says which file
            parts.count == 6,
            let number = parts[0].asUnsigned.flatMap({ UInt32(exactly: $0) }), let captured = parts[1].asInt,
            let quality = parts[3].asUnsigned.flatMap({ UInt8(exactly: $0) }).flatMap(Quality.init(rawValue:)),
            let tag = parts[4].asUnsigned, let value = RawValue(tag: tag, content: parts[5])
        else { return nil }
        let source = parts[2].asInt
        guard source != nil || parts[2].isNull else { return nil }
        self.init(
            point: PointNumber(number), capturedAtMs: captured, sourceAtMs: source, quality: quality, value: value)
    }
}

extension RawValue {
    fileprivate init?(tag: UInt64, content: CBOR) {
        switch (tag, content) {
        case (0, .null): self = .none
        case (1, _):
            guard let number = content.asInt else { return nil }
            self = .integer(number)
        case (2, .unsigned(let number)): self = .large(number)
        case (3, .unsigned(let number)):
            guard let bits = UInt32(exactly: number) else { return nil }
            self = .float32(bits: bits)
        case (4, .unsigned(let bits)): self = .float64(bits: bits)
        case (5, .text(let token)): self = .number(token)
        case (6, .text(let text)): self = .text(text)
        case (7, .bytes(let bytes)): self = .event(bytes)
        default: return nil
        }
    }
}

extension Row {
    func reading(_ column: Int32) throws -> Reading {
        guard let reading = Reading(stored: try blob(column)) else {
            throw LedgerError.damaged(what: "a stored reading cannot be read", file: file)
        }
        return reading
    }

    func readingOrNil(_ column: Int32) throws -> Reading? { isNull(column) ? nil : try reading(column) }
}
