import Hashing
import LogEntries
import MerkleLog
import Testing
import TestTools

/// Goal: receipts are those that cbor2, cryptography and scitt-cose make, byte for byte, and nothing else is one.
/// Method: the golden receipts of `log/cose_receipt.json`; every byte flipped, cut and added to; the fields changed alone.
@Suite struct InclusionReceiptTests {
    struct Case: Decodable, Sendable, CustomStringConvertible {
        let seed: String, vkey: String, size: UInt64, index: UInt64, leaf: String, path: [String], root: String
        let receipt: String
        var description: String { "leaf \(index) of \(size)" }

        func key() throws -> VerifierKey { try #require(VerifierKey(vkey)) }
        func leafHash() throws -> Hash { MerkleLog.leafHash(try hexBytes(leaf)) }
    }

    static let cases: [Case] = (try? vectors("log/cose_receipt.json")) ?? []  // an empty list fails below

    @Test func `there are cases`() { #expect(Self.cases.count > 10) }

    @Test(arguments: cases) func `what is made is the golden receipt`(_ one: Case) throws {
        let key = try one.key()
        let signer = try #require(LogSigningKey(name: key.name, seed: try hexBytes(one.seed)))
        #expect(signer.verifierKey == key)
        let signature = try InclusionReceipt.sign(
            root: try #require(Hash(hex: one.root)), size: one.size, by: signer)
        let receipt = InclusionReceipt(
            leafIndex: one.index, size: one.size, path: try one.path.map { try #require(Hash(hex: $0)) },
            signature: signature, key: key)
        #expect(receipt.bytes == (try hexBytes(one.receipt)))
        #expect(receipt.holds(leaf: try one.leafHash(), key: key))
    }

    @Test(arguments: cases) func `the golden receipt is read and holds for its leaf, key, origin and size alone`(
        _ one: Case
    ) throws {
        let key = try one.key()
        let receipt = try #require(InclusionReceipt(try hexBytes(one.receipt)))
        #expect(receipt.leafIndex == one.index && receipt.size == one.size)
        #expect(receipt.holds(leaf: try one.leafHash(), key: key))
        #expect(!receipt.holds(leaf: sha256([1]), key: key))
        let elsewhere = try #require(VerifierKey(name: key.name + "0", publicKey: key.publicKey))
        #expect(!receipt.holds(leaf: try one.leafHash(), key: elsewhere), "another log of the same key")
        let other = try #require(LogSigningKey(name: key.name, seed: [UInt8](repeating: 9, count: 32)))
        #expect(!receipt.holds(leaf: try one.leafHash(), key: other.verifierKey))
        let witness = try #require(
            VerifierKey(name: key.name, algorithm: .cosignature, publicKey: key.publicKey))
        #expect(!receipt.holds(leaf: try one.leafHash(), key: witness))
    }

    /// The path of leaf 0 fits every size of a band, so only the signed header tells the size.
    @Test func `a size of the same band is another tree`() throws {
        for one in Self.cases where one.index < one.size / 2 && one.size > 2 {
            let key = try one.key()
            let signer = try #require(LogSigningKey(name: key.name, seed: try hexBytes(one.seed)))
            let signature = try InclusionReceipt.sign(
                root: try #require(Hash(hex: one.root)), size: one.size, by: signer)
            let path = try one.path.map { try #require(Hash(hex: $0)) }
            let leaf = try one.leafHash()
            #expect(
                MerkleTree.inclusionRoot(leaf, at: one.index, size: one.size + 1, proof: path)?.hex == one.root)
            let moved = InclusionReceipt(
                leafIndex: one.index, size: one.size + 1, path: path, signature: signature, key: key)
            #expect(!moved.holds(leaf: leaf, key: key))
        }
    }

    @Test func `a changed byte is noticed, whichever it is`() throws {
        for one in Self.cases.prefix(6) {
            let key = try one.key()
            let leaf = try one.leafHash()
            let golden = try hexBytes(one.receipt)
            for at in golden.indices {
                for bit in 0..<8 {
                    var bytes = golden
                    bytes[at] ^= 1 << UInt8(bit)
                    let holds = InclusionReceipt(bytes)?.holds(leaf: leaf, key: key) ?? false
                    #expect(!holds, "\(one), byte \(at), bit \(bit)")
                }
            }
            for count in 0..<golden.count { #expect(InclusionReceipt(Array(golden[..<count])) == nil) }
            #expect(InclusionReceipt(golden + [0]) == nil)
        }
    }

    @Test func `noise never traps`() throws {
        var generator = SeededGenerator(seed: 9_942)
        let golden = try hexBytes(try #require(Self.cases.first).receipt)
        for _ in 0..<20_000 {
            var bytes = Array(golden.prefix(Int.random(in: 0...golden.count, using: &generator)))
            for _ in 0..<Int.random(in: 0...4, using: &generator) where !bytes.isEmpty {
                bytes[Int.random(in: bytes.indices, using: &generator)] = UInt8(
                    truncatingIfNeeded: generator.next() >> 5)
            }
            bytes += generator.bytes(Int.random(in: 0...9, using: &generator))
            if bytes != golden, let receipt = InclusionReceipt(bytes) { #expect(receipt.bytes == bytes) }
        }
        #expect(InclusionReceipt([UInt8](repeating: 0xd2, count: InclusionReceipt.sizeBytesMax + 1)) == nil)
    }

    /// No other message of the key begins with 84: notes and statements are text, and no UTF-8 text begins so.
    @Test func `a signature of a receipt is none of a note`() throws {
        let one = try #require(Self.cases.first)
        let key = try one.key()
        let signer = try #require(LogSigningKey(name: key.name, seed: try hexBytes(one.seed)))
        let root = try #require(Hash(hex: one.root))
        let signature = try InclusionReceipt.sign(root: root, size: one.size, by: signer)
        let checkpoint = Checkpoint(origin: key.name, size: one.size, root: root)
        #expect(!key.isSignature(signature, over: Array(checkpoint.text.utf8)))
        let note = SignedNote(
            text: checkpoint.text, signatures: [.init(name: key.name, keyID: key.keyID, bytes: signature)])
        #expect(!note.isSigned(by: key))
        #expect(AnchorPayload(note, by: key)?.isSigned(by: key) == false)
        #expect(String(validating: [0x84] as [UInt8], as: UTF8.self) == nil)
        let signed = try signer.sign(checkpoint)
        let path = try one.path.map { try #require(Hash(hex: $0)) }
        let forged = InclusionReceipt(
            leafIndex: one.index, size: one.size, path: path, signature: try #require(signed.signatures.first).bytes,
            key: key)
        #expect(!forged.holds(leaf: try one.leafHash(), key: key))
    }
}
