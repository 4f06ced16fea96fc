package import Hashing

/// What one signature fixes: the log, its size, its root. C2SP tlog-checkpoint without extension lines and without
/// time.
package struct Checkpoint: Hashable, Sendable {
    package let origin: String
    package let size: UInt64
    package let root: Hash

    package init(origin: String, size: UInt64, root: Hash) {
        self.origin = origin
        self.size = size
        self.root = root
    }

    /// Reads the three lines that are signed; `nil` unless this checkpoint would be written in the same bytes.
    package init?(text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count == 4, VerifierKey.isName(String(lines[0])), let size = UInt64(lines[1]),
            let rootBytes = Base64.decodeStrict(String(lines[2])), let root = Hash(bytes: rootBytes)
        else { return nil }
        self.init(origin: String(lines[0]), size: size, root: root)
        guard self.text.utf8.elementsEqual(text.utf8) else { return nil }
    }

    /// Three lines, each ended by LF: origin, decimal size, base64 root.
    package var text: String { "\(origin)\n\(size)\n\(Base64.encode(root.bytes))\n" }
}
