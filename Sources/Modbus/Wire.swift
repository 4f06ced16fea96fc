/// Carries one request and its answer. Belongs to one thread.
protocol Wire: AnyObject {
    /// Set when bytes in both directions no longer belong together: nothing may be sent before the wire is opened anew.
    var isBroken: Bool { get }
    /// Unit ids of answers that came after their request was given up, since this was last emptied; at most `lateCountMax`.
    var lateUnits: [UInt8] { get set }

    /// Sends one request and waits for its own answer; every other answer is dropped.
    ///
    /// - Parameters:
    ///   - frame: `Frame.headerSize` bytes of room, then the request itself: function and data (the PDU).
    ///   - withinMs: from sending to the last byte; at 0 only what is there already counts.
    /// - Returns: the answer's PDU, at least one byte, valid until the next call. The unit is the right one and the frame sound.
    func exchange(unit: UInt8, _ frame: Frame, withinMs: Int) throws(ModbusError) -> UnsafeBufferPointer<UInt8>

    /// Throws when the other side has hung up by now, so that a request that must not go out twice is not sent in vain.
    func checkOpen() throws(ModbusError)
}

extension Wire {
    static var lateCountMax: Int { 64 }

    func noteLate(_ unit: UInt8) {
        if lateUnits.count < Self.lateCountMax { lateUnits.append(unit) }
    }
}

/// A request under construction. One per line, used again for every request.
final class Frame {
    /// Room for the longest header, that of Modbus TCP.
    static let headerSize = 7
    /// Function and data.
    static let pduSizeMax = 253

    let bytes: UnsafeMutablePointer<UInt8>
    private(set) var pduSize = 0

    init() {
        bytes = .allocate(capacity: Self.headerSize + Self.pduSizeMax)
        bytes.initialize(repeating: 0, count: Self.headerSize + Self.pduSizeMax)
    }

    deinit { bytes.deallocate() }

    var function: UInt8 { bytes[Self.headerSize] }

    func begin(_ function: UInt8) {
        bytes[Self.headerSize] = function
        pduSize = 1
    }

    /// Callers stay below `pduSizeMax`, which their own bounds see to.
    func add(byte: UInt8) {
        precondition(pduSize < Self.pduSizeMax)
        bytes[Self.headerSize + pduSize] = byte
        pduSize += 1
    }

    func add(_ word: UInt16) {
        add(byte: UInt8(word >> 8))
        add(byte: UInt8(truncatingIfNeeded: word))
    }
}
