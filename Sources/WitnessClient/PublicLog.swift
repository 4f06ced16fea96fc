package import MerkleLog

/// What a log shows everybody: its checkpoint, its tiles, its lists of anchors and keys. One implementation talks HTTP.
package protocol PublicLog: Sendable {
    /// For messages: the log's address.
    var name: String { get }
    /// The last signed checkpoint; whoever uses it checks the signature. `nil` before the first.
    func checkpoint() async throws(CallError) -> SignedNote?
    /// The bytes of one tile of hashes, exactly `32 · width`.
    func tile(_ tile: Tile) async throws(CallError) -> [UInt8]
    /// Anchors with a number above `after`, at most `ListedAnchor.linesMax`.
    func anchors(after seq: UInt64) async throws(CallError) -> [ListedAnchor]
    /// The first leaf and the key leaves of the tree of so many leaves; whoever uses them checks all of it.
    func keys(size: UInt64) async throws(CallError) -> KeyList
}

/// A gateway's open pages below `/log` (C2SP `tlog-tiles`, and the lists of anchors and keys).
package struct HTTPLog: PublicLog {
    /// Whole time of one call, ms.
    package static let timeoutMs: Int64 = 10_000

    private let http: BoundedHTTP

    /// - Parameter url: the gateway, `http://HOST:PORT`; `/log/…` is added.
    package init(url: String) { http = BoundedHTTP(url: url, timeoutMs: Self.timeoutMs) }

    package var name: String { http.name }

    package func shutdown() async throws { try await http.shutdown() }

    package func checkpoint() async throws(CallError) -> SignedNote? {
        let (status, body) = try await http.call("/log/checkpoint", bytesMax: SignedNote.sizeBytesMax)
        if status == 404 { return nil }
        guard status == 200 else { throw .refused(status: status) }
        guard let text = String(validating: body, as: UTF8.self), let note = SignedNote(text) else {
            throw .malformed(what: "checkpoint")
        }
        return note
    }

    package func tile(_ tile: Tile) async throws(CallError) -> [UInt8] {
        let bytesMax = 32 * Tile.widthMax
        let (status, body) = try await http.call("/log/\(tile.path)", bytesMax: bytesMax)
        guard status == 200 else { throw .refused(status: status) }
        guard body.count == 32 * tile.width else { throw .malformed(what: tile.path) }
        return body
    }

    package func anchors(after seq: UInt64) async throws(CallError) -> [ListedAnchor] {
        let (status, body) = try await http.call("/log/anchors?after=\(seq)", bytesMax: ListedAnchor.listBytesMax)
        guard status == 200 else { throw .refused(status: status) }
        guard let anchors = ListedAnchor.list(body), anchors.allSatisfy({ $0.seq > seq }) else {
            throw .malformed(what: "list of anchors")
        }
        return anchors
    }

    package func keys(size: UInt64) async throws(CallError) -> KeyList {
        let (status, body) = try await http.call("/log/keys?size=\(size)", bytesMax: KeyList.textBytesMax)
        guard status == 200 else { throw .refused(status: status) }
        guard let list = KeyList(body), list.size == size else { throw .malformed(what: "list of keys") }
        return list
    }
}
