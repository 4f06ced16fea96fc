package import Hashing

/// One line of a log's public list of anchors (`/log/anchors`): what a watcher needs to find the block on a node.
///
/// The list is a pointer, not evidence: whoever reads it fetches the block and judges that.
package struct ListedAnchor: Hashable, Sendable {
    /// Lines of one answer at most; more are asked for with `after`.
    package static let linesMax = 1_000
    /// A line has at most 20 + 1 + 20 + 1 + 66 + 1 bytes.
    package static let listBytesMax = 109 * linesMax

    /// From 1. A number may be listed after a larger one: an anchor is listed once a milestone references its block.
    package let seq: UInt64
    /// Leaves that the anchored checkpoint covers.
    package let size: UInt64
    /// 32 bytes; written with `0x` before it, as nodes print them.
    package let blockID: Hash

    package init(seq: UInt64, size: UInt64, blockID: Hash) {
        self.seq = seq
        self.size = size
        self.blockID = blockID
    }

    /// `SEQ SIZE 0xBLOCK`, without LF.
    package var line: String { "\(seq) \(size) 0x\(blockID.hex)" }

    /// Reads a list: strictly rising numbers, each line ended by LF; `nil` for any other form.
    package static func list(_ bytes: [UInt8]) -> [ListedAnchor]? {
        guard bytes.count <= listBytesMax, let text = String(validating: bytes, as: UTF8.self) else { return nil }
        if text.isEmpty { return [] }
        guard text.hasSuffix("\n") else { return nil }
        var anchors: [ListedAnchor] = []
        for line in text.dropLast().split(separator: "\n", omittingEmptySubsequences: false) {
            let parts = line.split(separator: " ", omittingEmptySubsequences: false)
            guard parts.count == 3, let seq = UInt64(parts[0]), let size = UInt64(parts[1]), parts[2].hasPrefix("0x"),
                let blockID = Hash(hex: String(parts[2].dropFirst(2))), seq > anchors.last?.seq ?? 0
            else { return nil }
            let anchor = ListedAnchor(seq: seq, size: size, blockID: blockID)
            guard anchor.line == line else { return nil }
            anchors.append(anchor)
        }
        return anchors.count <= linesMax ? anchors : nil
    }
}
