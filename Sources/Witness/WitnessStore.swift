import Hashing
import MerkleLog

/// The folder of one witness: its key, its lock, and what it remembers.
package struct WitnessStore: Sendable {
    static let keyHeader = "plumbline-witness/v1"
    static let keyBytesMax = 4_096

    package let path: String
    package let cosigner: Cosigner
    /// Whether the key was made just now.
    package let isNew: Bool
    private let lock: StoreLock

    package var memory: WitnessMemory { WitnessMemory(folder: path + "/latest") }
    package var forks: ForkBook { ForkBook(folder: path + "/forks") }

    /// Opens a store, or makes one: the folder for what is remembered first, the key last, so that a key is never without it.
    ///
    /// - Parameters:
    ///   - keyPath: the key file; `nil` is `witness.key` in the store. Mode 0600 from its first byte on.
    ///   - name: of a witness that is made now; `nil` takes one from its key. An existing key keeps its own.
    ///   - random: as many random bytes as asked for.
    package init(
        path: String, keyPath: String? = nil, name: String? = nil, random: (_ count: Int) throws -> [UInt8]
    ) throws {
        try StoreFiles.makeFolder(path)
        try StoreFiles.makeFolder(path + "/forks")
        lock = try StoreLock(store: path)
        let keyPath = keyPath ?? path + "/witness.key"
        let latest = path + "/latest"
        self.path = path
        if let bytes = try StoreFiles.read(keyPath, sizeBytesMax: Self.keyBytesMax) {
            guard StoreFiles.exists(latest) else { throw WitnessError.memoryMissing(path: latest) }
            cosigner = try Self.cosigner(bytes, path: keyPath)
            isNew = false
            return
        }
        try StoreFiles.makeFolder(latest)
        let seed = try random(32)
        guard let unnamed = Cosigner(name: "plumbline-watch", seed: seed) else {
            throw WitnessError.keyDamaged(path: keyPath)
        }
        let name = name ?? "plumbline-watch/" + hexText(unnamed.verifierKey.publicKey[..<4])
        guard let made = Cosigner(name: name, seed: seed) else { throw WitnessError.badName(name) }
        let text = "\(Self.keyHeader)\nvkey \(made.verifierKey)\nseed \(hexText(seed))\n"
        try StoreFiles.replace(keyPath, with: Array(text.utf8), mode: 0o600)
        cosigner = made
        isNew = true
    }

    private static func cosigner(_ bytes: [UInt8], path: String) throws -> Cosigner {
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count == 4, lines[0] == keyHeader, lines[1].hasPrefix("vkey "), lines[2].hasPrefix("seed "),
            lines[3].isEmpty, let seed = Hashing.bytes(hex: String(lines[2].dropFirst(5))),
            let key = VerifierKey(String(lines[1].dropFirst(5))), let cosigner = Cosigner(name: key.name, seed: seed),
            cosigner.verifierKey == key
        else { throw WitnessError.keyDamaged(path: path) }
        return cosigner
    }
}
