internal import LedgerStore

/// One stored thing that is not what was written, by name.
package struct Damage: Hashable, Sendable {
    /// What kind of thing; the words are contract.
    package enum Kind: String, Sendable, CaseIterable {
        /// The file itself: its header, a page, a table or an index that SQLite cannot read.
        case file
        case identity
        case leaf
        /// An inner node of the log's tree, and with it a hash of a tile.
        case node
        case item
        /// What an event, a command or an access leaf commits to.
        case opening
        case configuration
        case model
        case snapshot
        case checkpoint
        case cosignature
        case beacon
        case anchor
        case timeStamp = "time-stamp"
        case boot
        /// A row that finds a command's leaves.
        case command
        /// A table beside the log: tokens, events, jobs, numbers, readings that wait for their seal.
        case table
    }

    package let kind: Kind
    /// Which one, such as `leaf 41` or `item 3/29539500` (stream, interval).
    package let name: String
    /// What is wrong with it, in words.
    package let why: String

    package init(_ kind: Kind, _ name: String, _ why: String) {
        self.kind = kind
        self.name = name
        self.why = why
    }
}

/// What a rereading has found so far: named up to a limit, counted beyond it. A thing is named once.
package struct DamageList: Sendable {
    /// Things that are named; a disk that fails altogether would name millions.
    package static let namedMax = 1_000

    package private(set) var named: [Damage] = []
    package private(set) var count = 0
    private var known: Set<String> = []

    package init() {}

    package mutating func add(_ kind: Damage.Kind, _ name: String, _ why: @autoclosure () -> String) {
        guard known.count < Self.namedMax else {
            count += 1
            return
        }
        guard known.insert(name).inserted else { return }
        count += 1
        named.append(Damage(kind, name, why()))
    }

    package mutating func add(_ damage: Damage) { add(damage.kind, damage.name, damage.why) }
}

extension LedgerError {
    /// In which words stored bytes are the fault; `nil` for what is no damage: a lock, a full disk, a missing permission.
    package var damage: String? {
        switch self {
        case .damaged(let what, _): return what
        case .notALedger: return "its header or identity is not that of a ledger"
        case .sqlite(let code, let message, _, _):
            // SQLite's primary result codes: PERM BUSY LOCKED NOMEM READONLY INTERRUPT FULL CANTOPEN PROTOCOL AUTH.
            let others: Set<Int32> = [3, 5, 6, 7, 8, 9, 13, 14, 15, 23]
            return others.contains(code & 0xFF) ? nil : "\(message) (SQLite \(code))"
        default: return nil
        }
    }
}
