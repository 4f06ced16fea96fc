/// One file inside the container.
package struct UstarMember: Sendable {
    package let name: String
    /// Place of the content in the container's bytes.
    package let content: Range<Int>
}

/// The container of a period file: POSIX.1 ustar in the one form GNU tar writes with
/// `--format=ustar --owner=0 --group=0 --numeric-owner --mtime=@0 --mode=0644 --no-recursion -b 1`.
package enum Ustar {
    package static let blockSizeBytes = 512
    /// What a name may be long: the format's prefix field is not used.
    package static let nameBytesMax = 100
    /// Eleven octal digits.
    package static let contentBytesMax = (1 << 33) - 1
    package static let membersMax = 1 << 20

    /// The header of one member: the reader rebuilds it and compares, so there is one form only.
    package static func header(name: String, sizeBytes: Int) -> [UInt8]? {
        let nameBytes = Array(name.utf8)
        guard (1...nameBytesMax).contains(nameBytes.count), !nameBytes.contains(0) else { return nil }
        guard (0...contentBytesMax).contains(sizeBytes) else { return nil }
        var header = [UInt8](repeating: 0, count: blockSizeBytes)
        func put(_ bytes: some Collection<UInt8>, at offset: Int) {
            header.replaceSubrange(offset..<(offset + bytes.count), with: bytes)
        }
        put(nameBytes, at: 0)
        put("0000644".utf8, at: 100)
        put("0000000".utf8, at: 108)
        put("0000000".utf8, at: 116)
        put(octal(sizeBytes, digits: 11), at: 124)
        put("00000000000".utf8, at: 136)
        put("        ".utf8, at: 148)
        put("0".utf8, at: 156)
        put("ustar".utf8, at: 257)
        put("00".utf8, at: 263)
        put("0000000".utf8, at: 329)
        put("0000000".utf8, at: 337)
        let sum = header.reduce(0) { $0 + Int($1) }
        put(octal(sum, digits: 6) + [0, 0x20], at: 148)
        return header
    }

    /// Tells the members in their order. Anything that these functions would not have written is refused.
    package static func walk(
        _ source: some ByteSource, each: (UstarMember) throws(Stop) -> Void
    ) throws(Stop) {
        let block = blockSizeBytes
        let size = source.sizeBytes
        guard size.isMultiple(of: block), size >= 2 * block else { throw Stop(.malformed, "the container's length") }
        let end = size - 2 * block
        guard source.bytes(end..<size).allSatisfy({ $0 == 0 }) else {
            throw Stop(.malformed, "the end of the container")
        }
        var count = 0
        var at = 0
        // The padding of a member is read with the header of the next.
        var padded = (name: "", start: 0)
        while true {
            let read = source.bytes(padded.start..<(at < end ? at + block : at))
            let padding = at - padded.start
            guard read.prefix(padding).allSatisfy({ $0 == 0 }) else {
                throw Stop(.malformed, "the padding of \(padded.name)")
            }
            guard at < end else { return }
            guard count < membersMax else { throw Stop(.malformed, "too many members") }
            count += 1
            let stored = read[padding...]
            guard let name = fieldText(stored.prefix(nameBytesMax)),
                let size = octalValue(stored[(padding + 124)..<(padding + 135)]),
                let rebuilt = header(name: name, sizeBytes: size),
                rebuilt.elementsEqual(stored)
            else { throw Stop(.malformed, "the header of member \(count)") }
            let start = at + block
            guard (size + block - 1) / block * block <= end - start else {
                throw Stop(.malformed, "the length of \(name)")
            }
            try each(UstarMember(name: name, content: start..<(start + size)))
            padded = (name, start + size)
            at = start + (size + block - 1) / block * block
        }
    }

    /// The members of a container in memory.
    package static func read(_ file: [UInt8]) throws(Stop) -> [UstarMember] {
        var members: [UstarMember] = []
        try walk(MemorySource(file)) { member throws(Stop) in members.append(member) }
        return members
    }

    /// The container of these members, or nil when a name or a length does not fit.
    package static func write(_ members: [(name: String, content: [UInt8])]) -> [UInt8]? {
        var file: [UInt8] = []
        file.reserveCapacity(members.reduce(2 * blockSizeBytes) { $0 + 2 * blockSizeBytes + $1.content.count })
        for member in members {
            guard let header = header(name: member.name, sizeBytes: member.content.count) else { return nil }
            file += header
            file += member.content
            file += [UInt8](repeating: 0, count: (blockSizeBytes - file.count % blockSizeBytes) % blockSizeBytes)
        }
        file += [UInt8](repeating: 0, count: 2 * blockSizeBytes)
        return file
    }

    private static func octal(_ value: Int, digits: Int) -> [UInt8] {
        (0..<digits).reversed().map { UInt8(0x30 + ((value >> (3 * $0)) & 7)) }
    }

    private static func octalValue(_ digits: ArraySlice<UInt8>) -> Int? {
        var value = 0
        for digit in digits {
            guard (0x30...0x37).contains(digit) else { return nil }
            value = value << 3 | Int(digit - 0x30)
        }
        return value
    }

    private static func fieldText(_ field: ArraySlice<UInt8>) -> String? {
        String(validating: field.prefix { $0 != 0 }, as: UTF8.self)
    }
}
