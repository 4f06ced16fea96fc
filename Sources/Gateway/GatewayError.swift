import Glibc

/// Why the gateway does not do what it was asked to; `description` says what happened and what to do next.
package enum GatewayError: Error, Equatable, CustomStringConvertible {
    case file(path: String, doing: String, errno: Int32)
    case keyFile(path: String)
    case keyMissing(path: String)
    /// A key of another log, or of another ceremony with the same name.
    case otherKey(path: String)
    /// Not the key whose hash is on the card.
    case otherRecoveryKey(path: String)
    /// A statement about more leaves than there are.
    case sizeBeyond(size: UInt64, whole: UInt64)
    /// An origin without a number at its end.
    case noEpoch(origin: String)
    /// A new log is whole, but not in its place yet.
    case epochHalfOpen(path: String)
    case cardUnreadable(path: String)
    /// `init` where something is already.
    case alreadySetUp(path: String)
    case notSetUp(path: String)
    /// A ledger without a card, made by an `init` with other answers.
    case unlikeInterrupted(path: String)
    /// The card belongs to another log.
    case otherCard(path: String, origin: String)
    case recoveryKeyInside(path: String)
    /// The configuration asks for something else than what `init` fixed.
    case fixed(key: String, configured: String, stored: String)
    case zoneUnknown(name: String, path: String)
    case tls(path: String, why: String)
    /// A file of authorities for time stamps.
    case authorities(path: String, why: String)
    case listening(address: String, why: String)
    case node(String)
    case tokenName(String)
    case noSuchToken(name: String)
    /// `known`: number and name of each.
    case noSuchStream(String, known: [String])
    case notAnswering(address: String, why: String)

    package var description: String {
        switch self {
        case .file(let path, let doing, let errno):
            "\(path) cannot \(doing): \(String(cString: strerror(errno)))"
        case .keyFile(let path):
            "\(path) is not a key file of this program; restore it from the backup"
        case .keyMissing(let path):
            "\(path) is missing; restore it from the backup. Without it this log cannot be signed any more"
        case .otherKey(let path):
            "\(path) is not the key this log was made with; restore the right one from the backup"
        case .otherRecoveryKey(let path):
            "\(path) is not the recovery key whose hash is on the card; use the one that init made for this log"
        case .sizeBeyond(let size, let whole):
            "the log has \(whole) entries, not \(size); name a size that it has had"
        case .noEpoch(let origin): "\(origin) does not end with the number of an epoch; no other log can follow it"
        case .epochHalfOpen(let path):
            "\(path) holds a log that is not in its place yet; run plumblined epoch open again, it goes on where it stopped"
        case .cardUnreadable(let path):
            "\(path) is not a policy card; restore it from the backup"
        case .alreadySetUp(let path):
            "\(path) is there already; init never touches an existing log. Choose another data folder for a new building"
        case .notSetUp(let path):
            "\(path) is missing; run plumblined init first"
        case .unlikeInterrupted(let path):
            "an interrupted init with another recovery key, period or network left its ledger in \(path); "
                + "give the same answers again, or move the folder away: nothing was captured or signed in it"
        case .otherCard(let path, let origin):
            "\(path) is not the card of this log, \(origin); restore the card that init wrote"
        case .recoveryKeyInside(let path):
            "the recovery key must not lie in the data folder \(path): it would be stolen together with the log key. Name a path off this machine"
        case .fixed(let key, let configured, let stored):
            "\(key) is \(configured), but this log was made with \(stored); it cannot change within a log. Set it back, or use another data folder"
        case .zoneUnknown(let name, let path):
            "time zone \(name) is not known here (\(path)); install tzdata, or correct timezone: in the building file"
        case .tls(let path, let why): "\(path) cannot be used for TLS: \(why)"
        case .authorities(let path, let why):
            "\(path) holds no certificates of time-stamping authorities that can be used: \(why)"
        case .listening(let address, let why):
            "the API cannot listen on \(address): \(why); stop the other program, or set api.host and api.port"
        case .node(let why): why
        case .tokenName(let name): "'\(name)' cannot name a token; use 1 to 63 of a-z 0-9 - _"
        case .noSuchToken(let name): "there is no valid token named \(name); see plumblined token list"
        case .noSuchStream(let text, let known):
            "there is no stream '\(text)'; streams are \(known.joined(separator: ", "))"
        case .notAnswering(let address, let why): "no gateway answers at \(address): \(why)"
        }
    }
}
