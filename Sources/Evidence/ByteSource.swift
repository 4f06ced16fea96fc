/// Bytes of a file that need not be in memory. Reading never fails: what cannot be read is zeros, and `failure` says so
/// afterwards, so that a verdict over such a source must be thrown away.
package protocol ByteSource: Sendable {
    var sizeBytes: Int { get }

    /// Why an earlier read gave zeros instead of the file's bytes; nil while all were the file's.
    var failure: SourceFailure? { get }

    /// Fills all of `target` with the bytes from `offset` on, which lie inside the file. Called from several threads.
    func read(at offset: Int, into target: UnsafeMutableRawBufferPointer)
}

/// The file could not be read to its end, or changed while it was checked.
package struct SourceFailure: Error, Hashable, Sendable {
    /// In words, as messages show it.
    package let message: String

    package init(_ message: String) { self.message = message }
}

extension ByteSource {
    /// A copy of these bytes; the range lies inside the file.
    func bytes(_ range: Range<Int>) -> [UInt8] {
        guard !range.isEmpty else { return [] }
        return [UInt8](unsafeUninitializedCapacity: range.count) { target, count in
            read(at: range.lowerBound, into: UnsafeMutableRawBufferPointer(target))
            count = range.count
        }
    }
}

/// A file that is in memory as a whole.
package struct MemorySource: ByteSource {
    private let bytes: [UInt8]

    package init(_ bytes: [UInt8]) { self.bytes = bytes }

    package var sizeBytes: Int { bytes.count }
    package var failure: SourceFailure? { nil }

    package func read(at offset: Int, into target: UnsafeMutableRawBufferPointer) {
        precondition(offset >= 0 && target.count <= bytes.count - offset, "inside the file")
        bytes.withUnsafeBytes {
            target.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[offset..<(offset + target.count)]))
        }
    }
}
