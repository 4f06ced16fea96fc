import Glibc
import Hashing
import MerkleLog

/// What hashing costs: items into a tree and onto the disk, and plain SHA-256 beside OpenSSL's.
enum EvidenceHashing {
    private static let items = 500_000
    private static let blockBytes = 16_384
    private static let seconds = 1.0

    /// Items a second that are hashed into a log's tree and written with its new nodes, through a buffer and without fsync. They are
    /// made beforehand.
    static func itemsPerS(folder: String) throws -> Double {
        var chance = Chance(seed: 3)
        var record = ItemRecord(stream: EvidenceBuilding.streamCount - 1, k: EvidenceBuilding.firstK)
        let made = (0..<1_000).map { place in
            record.fill(k: EvidenceBuilding.firstK + UInt64(place), &chance)
            return record.bytes
        }
        let itemsFile = try GrowingFile("\(folder)/append-items")
        let nodesFile = try GrowingFile("\(folder)/append-nodes")
        defer {
            unlink(itemsFile.path)
            unlink(nodesFile.path)
        }
        var tree = Frontier()
        var nodes: [UInt8] = []
        let began = Usage.monotonicSeconds()
        for place in 0..<items {
            let bytes = made[place % made.count]
            try itemsFile.append(bytes)
            nodes.removeAll(keepingCapacity: true)
            tree.append(leafHash(bytes[ItemRecord.headBytes...])) { _, _, hash in
                hash.withUnsafeBytes { nodes.append(contentsOf: $0) }
            }
            try nodesFile.append(nodes)
        }
        try itemsFile.flush()
        try nodesFile.flush()
        return Double(items) / (Usage.monotonicSeconds() - began)
    }

    /// Bytes a second of our SHA-256, in blocks of 16 KiB.
    static func sha256BytesPerS() -> Double {
        let block = [UInt8](repeating: 0x5a, count: blockBytes)
        var (count, left) = (0, UInt8(0))
        let began = Usage.cpuSeconds()
        while Usage.cpuSeconds() - began < seconds {
            for _ in 0..<256 { left ^= sha256(block).bytes[0] }
            count += 256
        }
        let took = Usage.cpuSeconds() - began
        // Uses the digests, so that nobody leaves them out.
        return Double(count * blockBytes) / took + Double(left) / 1e9
    }

    /// The same by OpenSSL; throws `noOpenSSL` when it is not installed.
    static func opensslBytesPerS() throws -> Double {
        let line = "exec openssl speed -seconds 1 -bytes \(blockBytes) -evp sha256 2>/dev/null"
        let ending = try Child(program: "/bin/sh", ["-c", line]).ending()
        // The last line: `SHA256 2098282.50k`.
        let last = ending.output.split(separator: "\n").last ?? ""
        guard ending.code == 0, let word = last.split(separator: " ").last, word.hasSuffix("k"),
            let thousands = Double(word.dropLast())
        else { throw EvidenceChecking.Problem.noOpenSSL }
        return thousands * 1_000
    }
}
