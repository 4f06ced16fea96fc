import Crypto
import FoundationEssentials
import Glibc
import Hashing
import Tangle

/// The keys that sign a development network's milestones. Whoever has them can write its past: no evidence of time.
struct Coordinator {
    /// Ascending by public key, as signatures stand in a milestone.
    private let signers: [Signer]

    private struct Signer {
        let key: Curve25519.Signing.PrivateKey
        let publicKey: [UInt8]
    }

    var publicKeys: [[UInt8]] { signers.map(\.publicKey) }

    /// New keys.
    init(count: Int) {
        self.init(keys: (0..<count).map { _ in Curve25519.Signing.PrivateKey() })
    }

    private init(keys: [Curve25519.Signing.PrivateKey]) {
        signers = keys.map { Signer(key: $0, publicKey: [UInt8]($0.publicKey.rawRepresentation)) }
            .sorted { $0.publicKey.lexicographicallyPrecedes($1.publicKey) }
    }

    /// The keys of `path`, one hexadecimal seed a line; makes `count` new ones and the file when there is none.
    static func stored(path: String, count: Int) throws(LocalTangleError) -> Coordinator {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            guard errno == ENOENT else { throw .disk(doing: "open", path: path, errno: errno) }
            let coordinator = Coordinator(count: count)
            try coordinator.store(path: path)
            return coordinator
        }
        defer { close(file) }
        var keys: [Curve25519.Signing.PrivateKey] = []
        let text = String(decoding: try NodeJournal.readAll(file, path: path), as: UTF8.self)
        for line in text.split(separator: "\n") {
            do {
                let seed = Hashing.bytes(hex: String(line)) ?? []
                keys.append(try Curve25519.Signing.PrivateKey(rawRepresentation: seed))
            } catch { throw .damaged(path: path, offset: 65 * keys.count) }
        }
        let coordinator = Coordinator(keys: keys)
        guard !keys.isEmpty, Set(coordinator.publicKeys).count == keys.count else {
            throw .damaged(path: path, offset: 0)
        }
        return coordinator
    }

    /// The file is whole or not there: written beside, synced, renamed.
    private func store(path: String) throws(LocalTangleError) {
        let next = path + ".next"
        let file = open(next, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw .disk(doing: "open", path: next, errno: errno) }
        defer { close(file) }
        let lines = signers.map { hexText([UInt8]($0.key.rawRepresentation)) + "\n" }.joined()
        try NodeJournal.writeAll(Array(lines.utf8), to: file, path: next)
        guard fsync(file) == 0 else { throw .disk(doing: "sync", path: next, errno: errno) }
        guard rename(next, path) == 0 else { throw .disk(doing: "rename", path: next, errno: errno) }
        try syncFolder(of: path)
    }

    /// The milestone with all signatures over its id.
    func signed(_ milestone: Milestone) throws(LocalTangleError) -> Milestone {
        var milestone = milestone
        let message = milestone.id.bytes
        do {
            milestone.signatures = try signers.map {
                MilestoneSignature(publicKey: $0.publicKey, signature: [UInt8](try $0.key.signature(for: message)))
            }
        } catch { throw .signing }
        return milestone
    }
}
