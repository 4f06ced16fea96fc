/// `03-leaves`: for each leaf u16 big-endian length ‖ bytes. Read from the file anew by each step that needs it.
package struct PackedLeaves: Sendable {
    private static let markBytes = 1 << 16

    private let source: any ByteSource
    private let content: Range<Int>
    package let count: Int
    /// Places in between: number of the leaf and its offset in the file.
    private let marks: [(number: Int, offset: Int)]

    /// Throws `E_MALFORMED` when the lengths do not fill the part.
    init(_ source: any ByteSource, _ content: Range<Int>, hashing window: ByteWindow? = nil) throws(Stop) {
        self.source = source
        self.content = content
        let window = window ?? ByteWindow(source, content)
        var count = 0
        var marks: [(number: Int, offset: Int)] = []
        while window.remaining > 0 {
            if window.at - (marks.last?.offset ?? .min / 2) >= Self.markBytes { marks.append((count, window.at)) }
            guard let head = window.take(2), window.skip(Int(head[0]) << 8 | Int(head[1])) else {
                throw Stop(.malformed, "03-leaves")
            }
            count += 1
        }
        self.count = count
        self.marks = marks
    }

    /// These leaves, packed in memory.
    package init(_ leaves: [ArraySlice<UInt8>]) {
        var bytes: [UInt8] = []
        for leaf in leaves {
            precondition(leaf.count <= UInt16.max, "a leaf has at most 65 535 bytes")
            bytes.append(UInt8(leaf.count >> 8))
            bytes.append(UInt8(truncatingIfNeeded: leaf.count))
            bytes += leaf
        }
        source = MemorySource(bytes)
        content = 0..<bytes.count
        count = leaves.count
        marks = [(0, 0)]
    }

    /// Every leaf in its order; the bytes are there during the call alone.
    func forEach<Failure: Error>(
        _ body: (_ number: Int, UnsafeRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) {
        let window = ByteWindow(source, content)
        for number in 0..<count {
            guard let bytes = next(window) else { return }
            try body(number, bytes)
        }
    }

    /// The leaf with this number from 0 on.
    func leaf(_ number: Int) -> [UInt8]? {
        guard number >= 0, number < count else { return nil }
        var low = 0
        var high = marks.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if marks[middle].number <= number { low = middle } else { high = middle }
        }
        let window = ByteWindow(source, marks[low].offset..<content.upperBound, windowBytes: Self.markBytes)
        for _ in marks[low].number..<number { _ = next(window) }
        return next(window).map { [UInt8]($0) }
    }

    /// A reader of its own for somebody who goes through them in pieces.
    func reader() -> () -> UnsafeRawBufferPointer? {
        let window = ByteWindow(source, content)
        return { next(window) }
    }

    private func next(_ window: ByteWindow) -> UnsafeRawBufferPointer? {
        guard let head = window.take(2) else { return nil }
        return window.take(Int(head[0]) << 8 | Int(head[1]))
    }
}
