import Capture
import Evidence
import Glibc
import LedgerStore
import LogEntries

/// The old log out of the data folder and the new one into it, file by file; whatever was done is found done by the next try.
///
/// The new log lies whole in its own folder first. The old card leaves first and the new one comes last: in between nothing starts.
struct EpochMove {
    private let data: String
    let folder: String

    init(_ data: String) {
        self.data = data
        folder = data + "/epoch.new"
    }

    /// What belongs to one log alone. The development network stays where it is.
    private static let names = [
        "card", Ledger.fileName + "-wal", Ledger.fileName + "-shm", Ledger.fileName, "checkpoint", "contradiction",
        "log.key", "log.key.next", "evidence", "scrub", "item-keys",
    ]
    private static let noteName = "not-ended"

    /// Whether the new log is whole; it is until the last step is done.
    var isReady: Bool { Files.exists(folder + "/card") }

    func card() throws -> PolicyCard { try GatewayKeys.card(DataPaths(folder)) }

    /// What the genesis leaf of the new log says of the old one; the ledger may be moved already.
    func previous() async throws -> Leaf.PreviousLog {
        let place = Files.exists(folder + "/" + Ledger.fileName) ? folder : data
        let first = try await LedgerReader.open(directory: place).leaf(at: 0)
        guard let first, case .genesis(let genesis) = try Leaf.decode(first.bytes).body, let previous = genesis.previous
        else { throw GatewayError.cardUnreadable(path: folder + "/card") }
        return previous
    }

    /// Why the old log has no end, for the report of a try that goes on.
    func note(_ why: String) throws {
        try Files.makeFolder(folder)
        unlink(folder + "/" + Self.noteName)
        try Files.writeNew(why, to: folder + "/" + Self.noteName, mode: 0o644)
    }

    var noted: String {
        // Without the note there is nothing to tell.
        (try? GatewayPlan.read(folder + "/" + Self.noteName)).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    /// Where the log of this origin lies once another has taken its place.
    func oldFolder(_ origin: String) -> String { data + "/epoch-\(origin.split(separator: "/").last ?? "old")" }

    /// - Returns: where the old log lies now.
    func run(oldOrigin: String) throws -> String {
        let old = oldFolder(oldOrigin)
        try Files.makeFolder(old)
        for name in Self.names {
            let isNewWaiting = Files.exists(folder + "/" + name)
            // What the new log brings is in place already when it waits no more.
            let isNewHere = Self.brought.contains(name) && !isNewWaiting
            if Files.exists(data + "/" + name), !isNewHere { try move(data + "/" + name, to: old + "/" + name) }
            if isNewWaiting, name != "card" { try move(folder + "/" + name, to: data + "/" + name) }
        }
        try Files.sync(old)
        try Files.sync(data)
        unlink(folder + "/" + Self.noteName)
        try move(folder + "/card", to: data + "/card")
        try Files.sync(data)
        unlink(folder + "/lock")
        rmdir(folder)
        return old
    }

    private static let brought: Set = ["log.key", Ledger.fileName]

    private func move(_ from: String, to: String) throws {
        guard rename(from, to) == 0 else { throw GatewayError.file(path: from, doing: "be moved", errno: errno) }
    }
}
