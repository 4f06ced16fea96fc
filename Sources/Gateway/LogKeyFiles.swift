import Capture
import Glibc
import LogEntries
import Logging
import MerkleLog

/// Where the log key may lie: given by systemd, in the data folder, or beside it as the next one.
///
/// A change of key writes `log.key.next` before its leaf, so that whichever of the two is in force is on disk at every moment. Once
/// the old key has signed its replacement, the new one takes the place of `log.key`.
struct LogKeyFiles {
    let paths: DataPaths
    /// The folder that systemd decrypted credentials into, if it did.
    let credentials: String?

    init(_ paths: DataPaths, credentials: String? = getenv("CREDENTIALS_DIRECTORY").map { String(cString: $0) }) {
        self.paths = paths
        self.credentials = credentials
    }

    /// The sealed key first, then the data folder's.
    private var places: [String] {
        [credentials.map { $0 + "/log.key" }, paths.logKey, paths.nextLogKey].compactMap(\.self)
    }

    /// The key in force by the log's history, and the one before it while that has to sign the change.
    ///
    /// - Throws: `keyMissing` when there is none at all, `otherKey` when none of them is in force.
    func load(_ history: LogKeys, signedSize: UInt64, journal: Logger? = nil) throws -> SigningKeys {
        let found = try places.filter(Files.exists).map { (path: $0, key: try KeyFile.read($0)) }
        guard !found.isEmpty else { throw GatewayError.keyMissing(path: paths.logKey) }
        let wanted = history.terms.last?.key
        guard let current = found.first(where: { $0.key.verifierKey == wanted }) else {
            throw GatewayError.otherKey(path: found[0].path)
        }
        let change = LogWriter.sizeOfLastChange(history)
        let isChangeOpen = change.map { signedSize < $0 } ?? false
        let before = history.terms.dropLast().last?.key
        let former = isChangeOpen ? found.first { $0.key.verifierKey == before } : nil
        if former == nil, current.path == paths.nextLogKey { retire(journal) }
        return SigningKeys(current: current.key, former: former?.key) { retire(journal) }
    }

    /// `log.key.next` takes the place of `log.key`, whose key signs nothing any more.
    private func retire(_ journal: Logger?) {
        guard Files.exists(paths.nextLogKey) else { return }
        guard rename(paths.nextLogKey, paths.logKey) == 0 else {
            let why = String(cString: strerror(errno))
            journal?.warning("\(paths.nextLogKey) cannot take the place of log.key: \(why); the next start tries again")
            return
        }
        journal?.notice("the new log key lies in \(paths.logKey); the old one is gone from there")
        if let credentials, Files.exists(credentials + "/log.key") {
            journal?.warning(
                "the log key that systemd gives is the old one: seal the new one with systemd-creds encrypt --name=log.key, see operate.md"
            )
        }
    }
}
