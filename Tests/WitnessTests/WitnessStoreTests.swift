import Foundation
import MerkleLog
import Testing
import Witness

@Suite struct WitnessStoreTests {
    private let folder = StoreFolder()

    private func open(name: String? = nil) throws -> WitnessStore {
        try WitnessStore(path: folder.path, name: name) { Array(repeating: 9, count: $0) }
    }

    @Test func `a new key is named after itself, is nobody else's to read, and stays`() throws {
        let vkey = try open().cosigner.verifierKey
        #expect(vkey.name.hasPrefix("plumbline-watch/") && vkey.algorithm == .cosignature)
        let mode = try FileManager.default.attributesOfItem(atPath: folder.path + "/witness.key")[.posixPermissions]
        #expect(mode as? Int == 0o600)
        #expect(try open(name: "other").cosigner.verifierKey == vkey)
    }

    @Test func `a name that no note can carry is refused before there is a key`() throws {
        #expect(throws: WitnessError.badName("two words")) { try open(name: "two words") }
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/witness.key"))
        #expect(try open(name: "watch.example/w1").cosigner.verifierKey.name == "watch.example/w1")
    }

    @Test func `a key without its memory is refused, and so is a damaged key`() throws {
        _ = try open()
        try FileManager.default.removeItem(atPath: folder.path + "/latest")
        #expect(throws: WitnessError.memoryMissing(path: folder.path + "/latest")) { try open() }
        try FileManager.default.createDirectory(atPath: folder.path + "/latest", withIntermediateDirectories: false)
        _ = try open()
        let path = folder.path + "/witness.key"
        let good = try String(contentsOfFile: path, encoding: .utf8)
        for bad in ["", good + "x\n", good.replacing("seed 09", with: "seed 08"), good.replacing("vkey", with: "vk")] {
            try StoreFiles.replace(path, with: Array(bad.utf8))
            #expect(throws: WitnessError.keyDamaged(path: path)) { try open() }
        }
    }

    @Test func `a fork is kept once, with both notes`() throws {
        let store = try open()
        let log = try SignedLog(size: 9)
        let fork = try SignedLog(size: 9, forkedAt: 4)
        for _ in 0..<2 { try store.forks.keep(known: try log.note(9), shown: try fork.note(6)) }
        #expect(try store.forks.all() == [ForkEvidence(known: try log.note(9), shown: try fork.note(6))])
        #expect(try store.forks.all().first?.isEquivocation == false)
    }
}
