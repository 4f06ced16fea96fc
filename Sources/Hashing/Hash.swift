/// A digest of 32 bytes, held without an allocation. Ordered by its bytes.
package struct Hash: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The 32 bytes in memory order, eight to a word.
    private var words: (UInt64, UInt64, UInt64, UInt64)

    package static let sizeBytes = 32
    package static let zero = Hash()

    private init() { words = (0, 0, 0, 0) }

    /// `nil` unless there are exactly 32 bytes.
    package init?(bytes: some Collection<UInt8>) {
        guard bytes.count == Hash.sizeBytes else { return nil }
        self.init { target in target.copyBytes(from: bytes) }
    }

    /// `nil` unless `hex` is 64 lower-case hexadecimal digits.
    package init?(hex: String) {
        guard hex.utf8.count == 2 * Hash.sizeBytes, let bytes = Hashing.bytes(hex: hex) else { return nil }
        self.init(bytes: bytes)
    }

    /// A digest that `fill` writes into 32 zero bytes.
    package init(fill: (UnsafeMutableRawBufferPointer) -> Void) {
        self.init()
        withUnsafeMutableBytes(of: &words) { fill($0) }
    }

    package var bytes: [UInt8] { withUnsafeBytes { [UInt8]($0) } }

    package var hex: String { hexText(bytes) }

    package var description: String { hex }

    /// The 32 bytes in place.
    package func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        Swift.withUnsafeBytes(of: words) { body($0) }
    }

    package static func == (a: Hash, b: Hash) -> Bool {
        a.words.0 == b.words.0 && a.words.1 == b.words.1 && a.words.2 == b.words.2 && a.words.3 == b.words.3
    }

    package static func < (a: Hash, b: Hash) -> Bool {
        (a.words.0.bigEndian, a.words.1.bigEndian, a.words.2.bigEndian, a.words.3.bigEndian)
            < (b.words.0.bigEndian, b.words.1.bigEndian, b.words.2.bigEndian, b.words.3.bigEndian)
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
        hasher.combine(words.1)
        hasher.combine(words.2)
        hasher.combine(words.3)
    }
}
