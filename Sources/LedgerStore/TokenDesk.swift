package import Hashing
package import Readings
import TwinModel

/// Tokens for the API, added and taken back while the gateway may be running: a connection of its own that touches
/// nothing else
/// and takes no lock on the data directory. Not for use from several threads.
package struct TokenDesk {
    private let database: Database

    /// Opens the ledger of `directory`, which must have been brought up to date by this version.
    package init(directory: String) throws {
        database = try Database.beside(directory)
    }

    /// - Throws: `outOfOrder` when a valid token has that name already.
    package func add(hash: Hash, name: String, role: String, scope: String = "", nowMs: UInt64, untilMs: UInt64?) throws
        -> StoredToken
    {
        try database.transaction {
            let known = try database.tokens()
            guard !known.contains(where: { $0.name == name && $0.isValid(atMs: nowMs) }) else {
                throw LedgerError.outOfOrder(
                    what: "there is a token named \(name) already; remove it first, or choose another name")
            }
            return try database.addToken(
                hash: hash, name: name, role: role, scope: scope, nowMs: nowMs, untilMs: untilMs)
        }
    }

    /// Numbers of all streams there ever were, by name.
    package func streams() throws -> [String: StreamNumber] { try database.numbering().streams }

    package func tokens() throws -> [StoredToken] { try database.tokens() }

    /// Takes back every valid token of that name; how many there were.
    package func end(name: String, nowMs: UInt64) throws -> Int {
        try database.transaction {
            let ended = try database.tokens().filter { $0.name == name && $0.isValid(atMs: nowMs) }
            for token in ended { try database.endToken(grant: token.grant, atMs: nowMs) }
            return ended.count
        }
    }
}
