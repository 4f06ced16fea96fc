import Profiles
import Readings

/// The records of one binary payload.
struct TLVRecords {
    /// Bytes of a payload that is read; LoRaWAN carries 242 at most.
    static let sizeBytesMax = 4096

    private let bytes: [UInt8]
    /// Where the data of a record begins, by channel and type.
    private var places: [UInt16: Int] = [:]
    /// A record came whose length nobody knows; what stood before it counts.
    private(set) var endsEarly = false

    /// `nil` for a text that is not in the table's encoding, and for a record that is longer than what is left.
    init?(_ text: String, _ table: TLVTable) {
        guard text.utf8.count <= 2 * Self.sizeBytesMax, let bytes = Self.decode(text, table.encoding) else {
            return nil
        }
        self.bytes = bytes
        var at = 0
        while at < bytes.count {
            guard at + 2 <= bytes.count else { return nil }
            guard let record = table.records.first(where: { $0.channel == bytes[at] && $0.type == bytes[at + 1] })
            else {
                endsEarly = true
                return
            }
            guard at + 2 + record.sizeBytes <= bytes.count else { return nil }
            places[Self.key(record.channel, record.type)] = at + 2
            at += 2 + record.sizeBytes
        }
    }

    /// The field's value; `nil` when its record is not there.
    func read(_ field: TLVField) -> (RawValue, Quality)? {
        guard let place = places[Self.key(field.channel, field.type)] else { return nil }
        let size = field.number.sizeBytes
        let start = place + field.at
        guard start + size <= bytes.count else { return nil }
        var bits: UInt64 = 0
        for index in 0..<size {
            bits = bits << 8 | UInt64(bytes[start + (field.order == .big ? index : size - 1 - index)])
        }
        if field.notAvailable.contains(bits) { return (.none, .noValue) }
        if field.number == .f32 {
            let pattern = UInt32(truncatingIfNeeded: bits)
            return (.float32(bits: pattern), Float(bitPattern: pattern).isFinite ? .good : .noValue)
        }
        if let cut = field.bits {
            let width = UInt64(cut.count)
            return (.unsigned(bits >> UInt64(cut.lowerBound) & (1 << width - 1)), .good)
        }
        if field.number.isSigned {
            let unused = UInt64(64 - 8 * size)
            return (.integer(Int64(bitPattern: bits << unused) >> Int64(unused)), .good)
        }
        return (.unsigned(bits), .good)
    }

    private static func key(_ channel: UInt8, _ type: UInt8) -> UInt16 { UInt16(channel) << 8 | UInt16(type) }

    private static func decode(_ text: String, _ encoding: TLVTable.Encoding) -> [UInt8]? {
        encoding == .hex ? hex(Array(text.utf8)) : base64(Array(text.utf8))
    }

    static func hex(_ text: [UInt8]) -> [UInt8]? {
        guard text.count % 2 == 0 else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: text.count, by: 2) {
            guard let high = JSONReader.hexDigit(text[index]), let low = JSONReader.hexDigit(text[index + 1]) else {
                return nil
            }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    private static func base64(_ text: [UInt8]) -> [UInt8]? {
        let padding = text.reversed().prefix { $0 == UInt8(ascii: "=") }.count
        guard text.count % 4 == 0, padding <= 2 else { return nil }
        var bytes: [UInt8] = []
        var (bits, width): (UInt32, UInt32) = (0, 0)
        for byte in text.dropLast(padding) {
            let value: UInt8
            switch byte {
            case 0x41...0x5A: value = byte - 0x41
            case 0x61...0x7A: value = byte - 0x61 + 26
            case 0x30...0x39: value = byte - 0x30 + 52
            case UInt8(ascii: "+"): value = 62
            case UInt8(ascii: "/"): value = 63
            default: return nil
            }
            bits = bits << 6 | UInt32(value)
            width += 6
            if width >= 8 {
                width -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> width))
                bits &= (1 << width) - 1
            }
        }
        // What is left over is zero in RFC 4648; anything else is another payload cut short.
        return bits == 0 ? bytes : nil
    }
}
