/// An optional part of a milestone.
package enum MilestoneOption: Equatable, Sendable {
    /// Bytes after the type, kept as they are: migrated tokens mean nothing here.
    case receipt([UInt8])
    /// New protocol parameters from a milestone on.
    case protocolParameters(targetIndex: UInt32, version: UInt8, parameters: [UInt8])

    package var type: UInt8 {
        switch self {
        case .receipt: 0
        case .protocolParameters: 1
        }
    }

    func serialized() -> [UInt8] {
        var bytes: [UInt8] = [type]
        switch self {
        case .receipt(let body):
            bytes += body
        case .protocolParameters(let targetIndex, let version, let parameters):
            bytes.appendLittle(targetIndex)
            bytes.append(version)
            bytes.appendLittle(UInt16(truncatingIfNeeded: parameters.count))
            bytes += parameters
        }
        return bytes
    }

    static func parse(_ cursor: inout ByteCursor) throws(TangleError) -> MilestoneOption {
        let type = try cursor.u8()
        switch type {
        case 0:
            return .receipt(try receiptBody(&cursor))
        case 1:
            let targetIndex = try cursor.u32()
            let version = try cursor.u8()
            let length = Int(try cursor.u16())
            guard length <= Milestone.fieldBytesMax else { throw .fieldTooLong(bytes: length) }
            return .protocolParameters(
                targetIndex: targetIndex, version: version, parameters: Array(try cursor.take(length)))
        default:
            throw .milestoneOption(type)
        }
    }

    /// u32 migrated at, bool final, u16 n, n × (49 transaction, u8 0, 32 address, u64 amount), u32 length, treasury
    /// transaction (TIP-34). It carries no length of its own, so it has to be walked.
    private static func receiptBody(_ cursor: inout ByteCursor) throws(TangleError) -> [UInt8] {
        var body = Array(try cursor.take(5))
        let countBytes = try cursor.take(2)
        body += countBytes
        let funds = countBytes.reversed().reduce(0) { $0 << 8 | Int($1) }
        for _ in 0..<funds { body += try cursor.take(49 + 33 + 8) }
        let lengthBytes = try cursor.take(4)
        body += lengthBytes
        body += try cursor.take(lengthBytes.reversed().reduce(0) { $0 << 8 | Int($1) })
        return body
    }

    func check() throws(TangleError) {
        switch self {
        case .protocolParameters(_, _, let parameters):
            guard parameters.count <= Milestone.fieldBytesMax else { throw .fieldTooLong(bytes: parameters.count) }
        case .receipt(let body):
            var cursor = ByteCursor(body[...])
            _ = try Self.receiptBody(&cursor)
            try cursor.end()
        }
    }
}
