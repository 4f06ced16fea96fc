import Crypto
import FoundationEssentials
import Glibc
import Hashing
import Tangle

/// The keys that sign a development network's milestones. Whoever has them can write its past: no evidence of time.
struct Coordinator {
    /// Ascending by public key, as signatures stand in a milestone.
    private let signers: [Signer]
    /// How many of the keys sign one milestone, 1…all.
    let threshold: Int

    private struct Signer {
        let key: Curve25519.Signing.PrivateKey
        let publicKey: [UInt8]
    }

    var publicKeys: [[UInt8]] { signers.map(\.publicKey) }

    /// New keys, `count` of them, of which `threshold` sign; all of them when it is `nil`.
    init(count: Int, threshold: Int?) {
        self.init(keys: (0..<count).map { _ in Curve25519.Signing.PrivateKey() }, threshold: threshold ?? count)
    }

    private init(keys: [Curve25519.Signing.PrivateKey], threshold: Int) {
        signers = keys.map { Signer(key: $0, publicKey: [UInt8]($0.publicKey.rawRepresentation)) }
            .sorted { $0.publicKey.lexicographicallyPrecedes($1.publicKey) }
        self.threshold = threshold
    }

    /// The keys of `path`, one hexadecimal seed a line, after `threshold N` where not all of them sign a milestone; makes new
    /// ones and the file when there is none.
    static func stored(path: String, _ wanted: LocalTangleConfiguration) throws(LocalTangleError) -> Coordinator {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            guard errno == ENOENT else { throw .disk(doing: "open", path: path, errno: errno) }
            let coordinator = Coordinator(count: wanted.keyCount ?? 1, threshold: wanted.threshold)
            try coordinator.store(path: path)
            return coordinator
        }
        defer { close(file) }
        let coordinator = try parsed(String(decoding: try NodeJournal.readAll(file, path: path), as: UTF8.self), path)
        let (count, threshold) = (coordinator.signers.count, coordinator.threshold)
        guard wanted.keyCount ?? count == count, wanted.threshold ?? threshold == threshold else {
            throw .otherKeys(path: path, count: count, threshold: threshold)
        }
        return coordinator
    }

    private static func parsed(_ text: String, _ path: String) throws(LocalTangleError) -> Coordinator {
        var keys: [Curve25519.Signing.PrivateKey] = []
        var threshold: Int?
        var offset = 0
        for line in text.split(separator: "\n") {
            if offset == 0, line.hasPrefix(thresholdWord) {
                threshold = Int(line.dropFirst(thresholdWord.count)) ?? 0
            } else {
                do {
                    let seed = Hashing.bytes(hex: String(line)) ?? []
                    keys.append(try Curve25519.Signing.PrivateKey(rawRepresentation: seed))
                } catch { throw .damaged(path: path, offset: offset) }
            }
            offset += line.utf8.count + 1
        }
        let coordinator = Coordinator(keys: keys, threshold: threshold ?? keys.count)
        guard !keys.isEmpty, Set(coordinator.publicKeys).count == keys.count,
            (1...keys.count).contains(coordinator.threshold)
        else { throw .damaged(path: path, offset: 0) }
        return coordinator
    }

    private static let thresholdWord = "threshold "

    /// The file is whole or not there: written beside, synced, renamed.
    private func store(path: String) throws(LocalTangleError) {
        let next = path + ".next"
        let file = open(next, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw .disk(doing: "open", path: next, errno: errno) }
        defer { close(file) }
        let head = threshold == signers.count ? "" : "\(Self.thresholdWord)\(threshold)\n"
        let lines = head + signers.map { hexText([UInt8]($0.key.rawRepresentation)) + "\n" }.joined()
        try NodeJournal.writeAll(Array(lines.utf8), to: file, path: next)
        guard fsync(file) == 0 else { throw .disk(doing: "sync", path: next, errno: errno) }
        guard rename(next, path) == 0 else { throw .disk(doing: "rename", path: next, errno: errno) }
        try syncFolder(of: path)
    }

    /// The milestone with the signatures of those whose turn it is. The turns go round with the index, so that every key is seen
    /// and none is always there.
    func signed(_ milestone: Milestone) throws(LocalTangleError) -> Milestone {
        var milestone = milestone
        let message = milestone.id.bytes
        let first = Int(milestone.index) % signers.count
        let places = (first..<(first + threshold)).map { $0 % signers.count }.sorted()
        do {
            milestone.signatures = try places.map { place in
                let signer = signers[place]
                return MilestoneSignature(
                    publicKey: signer.publicKey, signature: [UInt8](try signer.key.signature(for: message)))
            }
        } catch { throw .signing }
        return milestone
    }
}
