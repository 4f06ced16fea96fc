import SwiftProtobuf

/// What one Sparkplug B message says (Sparkplug 3.0 section 6.4).
package struct SparkplugReport: Hashable, Sendable {
    /// When it was sent, milliseconds since 1970.
    package var timestampMs: UInt64?
    /// 0 … 255; each message of a node has the number after the one before.
    package var seq: UInt64?
    package var metrics: [SparkplugMetric]

    package static let metricCountMax = 20_000

    package init(timestampMs: UInt64? = nil, seq: UInt64? = nil, metrics: [SparkplugMetric] = []) {
        self.timestampMs = timestampMs
        self.seq = seq
        self.metrics = metrics
    }

    /// Reads the bytes of a payload.
    ///
    /// - Throws: for bytes that are no such message. A payload cut at the end of a metric is one, with fewer metrics.
    package init(_ bytes: [UInt8]) throws(SparkplugProblem) {
        var options = BinaryDecodingOptions()
        options.messageDepthLimit = 8
        options.discardUnknownFields = true
        let wire: WirePayload
        do { wire = try WirePayload(serializedBytes: bytes, options: options) } catch { throw .malformed }
        guard wire.metrics.count <= Self.metricCountMax else { throw .tooLarge }
        timestampMs = wire.hasTimestamp ? wire.timestamp : nil
        seq = wire.hasSeq ? wire.seq : nil
        metrics = wire.metrics.map(SparkplugMetric.init)
    }

    /// The bytes of a payload.
    package func encoded() throws(SparkplugProblem) -> [UInt8] {
        var wire = WirePayload()
        if let timestampMs { wire.timestamp = timestampMs }
        if let seq { wire.seq = seq }
        wire.metrics = metrics.map(\.wire)
        do { return try wire.serializedBytes() } catch { throw .malformed }
    }

    /// What asks a node to tell its births again, sent as NCMD.
    package static func rebirthRequest(timestampMs: UInt64) -> SparkplugReport {
        SparkplugReport(
            timestampMs: timestampMs,
            metrics: [
                SparkplugMetric(
                    name: "Node Control/Rebirth", timestampMs: timestampMs, datatype: SparkplugMetric.Datatype.boolean,
                    value: .bool(true))
            ])
    }
}

package enum SparkplugProblem: Error, Hashable, Sendable {
    case malformed
    case tooLarge
}

/// One value of a Sparkplug message.
package struct SparkplugMetric: Hashable, Sendable {
    package var name: String?
    package var alias: UInt64?
    /// When the value was current, milliseconds since 1970.
    package var timestampMs: UInt64?
    /// Sparkplug's number of the type; births carry it, data often leaves it out.
    package var datatype: UInt32?
    package var isHistorical: Bool
    package var isNull: Bool
    /// The property `Quality`: 0 bad, 192 good, 500 stale.
    package var quality: UInt64?
    package var value: Value?

    package enum Value: Hashable, Sendable {
        case int(UInt32)
        case long(UInt64)
        case float(Float)
        case double(Double)
        case bool(Bool)
        case text(String)
    }

    /// Numbers of the types (Sparkplug 3.0 section 6.4.16).
    package enum Datatype {
        package static let int8: UInt32 = 1
        package static let int16: UInt32 = 2
        package static let int32: UInt32 = 3
        package static let int64: UInt32 = 4
        package static let uint8: UInt32 = 5
        package static let uint16: UInt32 = 6
        package static let uint32: UInt32 = 7
        package static let uint64: UInt32 = 8
        package static let float: UInt32 = 9
        package static let double: UInt32 = 10
        package static let boolean: UInt32 = 11
        package static let string: UInt32 = 12
        package static let dateTime: UInt32 = 13
        package static let text: UInt32 = 14
        package static let uuid: UInt32 = 15
    }

    package init(
        name: String? = nil, alias: UInt64? = nil, timestampMs: UInt64? = nil, datatype: UInt32? = nil,
        isHistorical: Bool = false, isNull: Bool = false, quality: UInt64? = nil, value: Value? = nil
    ) {
        self.name = name
        self.alias = alias
        self.timestampMs = timestampMs
        self.datatype = datatype
        self.isHistorical = isHistorical
        self.isNull = isNull
        self.quality = quality
        self.value = value
    }

    /// The value as characters, exact: signs as the type has them, floats as the shortest decimal that reads back the same.
    ///
    /// - Parameter datatype: of the birth, for metrics that do not carry one.
    /// - Returns: `nil` where value and type do not fit, and for types that are not single values.
    package func word(datatype fromBirth: UInt32?) -> String? {
        switch (datatype ?? fromBirth, value) {
        case (Datatype.int8, .int(let bits)): "\(Int8(truncatingIfNeeded: bits))"
        case (Datatype.int16, .int(let bits)): "\(Int16(truncatingIfNeeded: bits))"
        case (Datatype.int32, .int(let bits)): "\(Int32(truncatingIfNeeded: bits))"
        case (Datatype.int64, .long(let bits)): "\(Int64(bitPattern: bits))"
        // Some senders put small integers into the wide field.
        case (Datatype.int8, .long(let bits)): Int8(exactly: Int64(bitPattern: bits)).map { "\($0)" }
        case (Datatype.int16, .long(let bits)): Int16(exactly: Int64(bitPattern: bits)).map { "\($0)" }
        case (Datatype.int32, .long(let bits)): Int32(exactly: Int64(bitPattern: bits)).map { "\($0)" }
        case (Datatype.uint8, .int(let bits)): UInt8(exactly: bits).map { "\($0)" }
        case (Datatype.uint16, .int(let bits)): UInt16(exactly: bits).map { "\($0)" }
        case (Datatype.uint32, .int(let bits)): "\(bits)"
        case (Datatype.uint32, .long(let bits)): UInt32(exactly: bits).map { "\($0)" }
        case (Datatype.uint64, .long(let bits)), (Datatype.dateTime, .long(let bits)): "\(bits)"
        case (Datatype.float, .float(let number)): "\(number)"
        case (Datatype.double, .double(let number)): "\(number)"
        case (Datatype.boolean, .bool(let flag)): "\(flag)"
        case (Datatype.string, .text(let text)), (Datatype.text, .text(let text)), (Datatype.uuid, .text(let text)):
            text
        default: nil
        }
    }

    /// A float that is infinite or not a number: the sender has no value.
    package var isNotANumber: Bool {
        switch value {
        case .float(let number)?: !number.isFinite
        case .double(let number)?: !number.isFinite
        default: false
        }
    }
}

extension SparkplugMetric {
    fileprivate init(_ wire: WireMetric) {
        name = wire.hasName && !wire.name.isEmpty ? wire.name : nil
        alias = wire.hasAlias ? wire.alias : nil
        timestampMs = wire.hasTimestamp ? wire.timestamp : nil
        datatype = wire.hasDatatype ? wire.datatype : nil
        isHistorical = wire.isHistorical
        isNull = wire.isNull
        quality = Self.quality(wire.properties)
        switch wire.value {
        case .intValue(let bits)?: value = .int(bits)
        case .longValue(let bits)?: value = .long(bits)
        case .floatValue(let number)?: value = .float(number)
        case .doubleValue(let number)?: value = .double(number)
        case .booleanValue(let flag)?: value = .bool(flag)
        case .stringValue(let text)?: value = .text(text)
        case nil: value = nil
        }
    }

    private static func quality(_ properties: WirePropertySet) -> UInt64? {
        guard let index = properties.keys.firstIndex(of: "Quality"), properties.values.indices.contains(index) else {
            return nil
        }
        switch properties.values[index].value {
        case .intValue(let number)?: return UInt64(number)
        case .longValue(let number)?: return number
        case nil: return nil
        }
    }

    fileprivate var wire: WireMetric {
        var wire = WireMetric()
        if let name { wire.name = name }
        if let alias { wire.alias = alias }
        if let timestampMs { wire.timestamp = timestampMs }
        if let datatype { wire.datatype = datatype }
        if isHistorical { wire.isHistorical = true }
        if isNull { wire.isNull = true }
        if let quality {
            var property = WirePropertyValue()
            property.type = Datatype.int32
            property.intValue = UInt32(clamping: quality)
            wire.properties.keys = ["Quality"]
            wire.properties.values = [property]
        }
        switch value {
        case .int(let bits)?: wire.intValue = bits
        case .long(let bits)?: wire.longValue = bits
        case .float(let number)?: wire.floatValue = number
        case .double(let number)?: wire.doubleValue = number
        case .bool(let flag)?: wire.booleanValue = flag
        case .text(let text)?: wire.stringValue = text
        case nil: break
        }
        return wire
    }
}
