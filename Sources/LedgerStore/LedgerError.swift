/// Why the ledger cannot do what it was asked. Every case is a different thing to do; `description` says what.
package enum LedgerError: Error, Equatable, CustomStringConvertible {
    /// SQLite refused; `code` is its extended result code.
    case sqlite(code: Int32, message: String, doing: String, file: String)
    /// No space left for the file or its write-ahead log.
    case diskFull(file: String)
    /// Another process holds the data directory.
    case held(lockFile: String)
    /// There is no ledger where one is expected.
    case missing(file: String)
    /// There is one already where a new one was to be created.
    case exists(file: String)
    /// The file was written by a newer program.
    case newerSchema(found: Int64, known: Int64, file: String)
    /// The file is no ledger, or holds no identity.
    case notALedger(file: String)
    /// What is stored contradicts itself.
    case damaged(what: String, file: String)
    /// The log on disk does not reproduce the checkpoint that was signed.
    case unlikeCheckpoint(what: String, size: UInt64, file: String)
    /// A file of the data directory cannot be read or written; `errno` is the system's.
    case file(path: String, doing: String, errno: Int32)
    /// Asked for a state that does not follow the stored one.
    case outOfOrder(what: String)
    /// A test made this step fail.
    case injected(file: String)

    package var description: String {
        switch self {
        case .sqlite(let code, let message, let doing, let file):
            "\(file): \(message) (SQLite \(code), \(doing)); check the disk and the file's owner, then start again"
        case .diskFull(let file):
            "\(file): the disk is full; free some space, the daemon goes on by itself"
        case .held(let file):
            "\(file): another plumblined holds this data directory; stop it first"
        case .missing(let file):
            "\(file): there is no ledger here; restore it from the backup, or run plumblined init for a new building"
        case .exists(let file):
            "\(file): there is a ledger here already; it is never overwritten, choose another data directory"
        case .newerSchema(let found, let known, let file):
            "\(file): written by a newer program (schema \(found), this one knows \(known)); install that version again"
        case .notALedger(let file):
            "\(file): not a ledger of this program; move it away, then restore the ledger from the backup"
        case .damaged(let what, let file):
            "\(file): \(what); keep the file for the auditor and restore the last backup"
        case .unlikeCheckpoint(let what, let size, let file):
            "\(file): \(what) (checkpoint of size \(size)); nothing is signed any more: "
                + "keep the data directory for the auditor, then restore "
                + "the newest copy or declare a loss with a new epoch"
        case .file(let path, let doing, let errno):
            "\(path): cannot \(doing) (errno \(errno)); check owner, mode and disk"
        case .outOfOrder(let what): what
        case .injected(let file): "\(file): a step failed on purpose"
        }
    }

    /// Whether bytes that are there are not what they were: no erasure, and no want of a key or of space.
    package var isDamage: Bool {
        switch self {
        case .damaged, .notALedger, .unlikeCheckpoint: true
        // Malformed pages, and what is no database any more.
        case .sqlite(let code, _, _, _): [11, 26].contains(code & 0xFF)
        default: false
        }
    }

    package var isDiskFull: Bool {
        switch self {
        case .diskFull: true
        case .file(_, _, let errno): errno == 28
        default: false
        }
    }
}
