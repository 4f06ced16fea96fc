internal import LedgerStore
internal import LogEntries
internal import Readings

/// What does not hang on a leaf.
extension LogWalk {
    /// What was signed over more than the log has, and the tables beside it. `size`: leaves of the log.
    package mutating func finish(size: UInt64) async throws {
        let rest = size + 1...UInt64(Int64.max)
        for (beyond, end) in try await signedEnds(rest).sorted(by: { $0.key < $1.key }) {
            for _ in end.checkpoints { found.add(.checkpoint, "checkpoint \(beyond)", Self.tooShort(size)) }
            for anchor in end.anchors { found.add(.anchor, "anchor \(anchor.seq)", Self.tooShort(size)) }
            if end.file != nil { found.add(.checkpoint, "the file checkpoint", Self.tooShort(size)) }
        }
        if let note = measures.checkpointFile, Self.isUnreadable(note) {
            found.add(.checkpoint, "the file checkpoint", "is no checkpoint")
        }
        let head = try await read(.configuration, "the configuration in force") { try $0.head() }
        if let head, let config = place.config, head.size == size, place.next == size, head.configHash != config {
            found.add(.configuration, "the configuration in force", "is not that of the last leaf that changed it")
        }
        for table in LedgerReader.tablesBeside {
            try Task.checkCancellation()
            _ = try await read(.table, "table \(table)") { try $0.form(of: table) }
        }
        try await checkCitations()
        try await checkTokens()
        try await checkBoots()
    }

    private static func tooShort(_ size: UInt64) -> String { "covers more than the \(size) leaves that the log has" }

    /// Each points at a reading of its point.
    private mutating func checkCitations() async throws {
        for citation in try await read(.table, "table citation_block", { try $0.citations() }) ?? [] {
            let name = "citation of point \(citation.point)"
            let item = try await read(.table, name) { try $0.item(stream: citation.stream, k: citation.k) } ?? nil
            guard let item else {
                found.add(.table, name, "cites an item that is not there")
                continue
            }
            // An item that was erased or cannot be read has its own name.
            guard let bytes = item.bytes, let read = try? IntervalItem.decode(bytes),
                let rows = try? Payload.decode(read.payload)
            else { continue }
            let position = Int(clamping: citation.position)
            if !rows.indices.contains(position) || rows[position].point != citation.point {
                found.add(.table, name, "cites another reading")
            }
        }
    }

    private mutating func checkTokens() async throws {
        for token in try await read(.table, "table token", { try $0.tokens() }) ?? []
        where !measures.roles.isEmpty && !measures.roles.contains(token.role) {
            found.add(.table, "token of grant \(token.grant)", "has the role '\(token.role)', which there is not")
        }
    }

    /// Boots are numbered without holes.
    private mutating func checkBoots() async throws {
        let last = try await read(.boot, "table boot") { try $0.boots(last: 1).first?.number } ?? nil
        guard let last, last > 0 else { return }
        let numbers = try await read(.boot, "table boot") { try $0.boots(last: 100_000).map(\.number) } ?? []
        for (number, next) in zip(numbers.sorted(), numbers.sorted().dropFirst()) where next != number + 1 {
            found.add(.boot, "boot \(number + 1)", "is missing")
        }
    }
}
