/// Function 43 with type 14, Read Device Identification (MODBUS Application Protocol V1.1b3, section 6.21): pure.
enum DeviceIdentification {
    static let function: UInt8 = 0x2B
    static let type: UInt8 = 0x0E

    /// Which objects a request asks for.
    enum Category: UInt8, CaseIterable {
        /// Vendor, product code, revision.
        case basic = 1
        /// Also address, product name, model and application name.
        case regular = 2
    }

    /// Requests for one category; a device that always has more to say is not believed.
    static let requestCountMax = 16
    /// Objects of one device.
    static let objectCountMax = 64

    struct Page {
        var objects: [(id: UInt8, text: String)] = []
        /// The object to go on with; `nil` on the last page.
        var next: UInt8?
    }

    /// Size of the answer that begins with these bytes, function included; `nil` while that cannot be told.
    static func answerSize(_ pdu: UnsafeBufferPointer<UInt8>) -> Int? {
        guard let first = pdu.first else { return nil }
        if first != function { return 2 }
        guard pdu.count >= 7 else { return nil }
        var size = 7
        for _ in 0..<pdu[6] {
            guard pdu.count >= size + 2 else { return nil }
            size += 2 + Int(pdu[size + 1])
        }
        return size
    }

    /// Reads an answer whose function is right; `nil` when it is not what its own lengths say.
    ///
    /// Bytes that are not printable ASCII become `?`.
    static func page(_ pdu: UnsafeBufferPointer<UInt8>) -> Page? {
        guard let size = answerSize(pdu), size == pdu.count, pdu.count >= 7, pdu[1] == type else { return nil }
        var page = Page()
        var index = 7
        for _ in 0..<pdu[6] {
            let count = Int(pdu[index + 1])
            let text = pdu[index + 2..<index + 2 + count].map { (0x20...0x7E).contains($0) ? $0 : UInt8(ascii: "?") }
            page.objects.append((pdu[index], String(decoding: text, as: UTF8.self)))
            index += 2 + count
        }
        if pdu[4] == 0xFF { page.next = pdu[5] }
        return page
    }
}
