import Foundation
import Hashing
import MerkleLog
import Testing

import Gateway

/// A folder that goes with the test.
final class Folder {
    let path = FileManager.default.temporaryDirectory.path + "/plumbline-gateway-\(UUID().uuidString)"
    init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
    deinit { try? FileManager.default.removeItem(atPath: path) }  // a leftover folder spoils nothing

    func text(_ name: String) throws -> String { try String(contentsOfFile: path + "/" + name, encoding: .utf8) }
    func write(_ text: String, _ name: String) throws {
        try text.write(toFile: path + "/" + name, atomically: false, encoding: .utf8)
    }
    var names: [String] { get throws { try FileManager.default.contentsOfDirectory(atPath: path).sorted() } }
}

@Suite struct KeyFileTests {
    static let seed = [UInt8](0..<32)

    static func written(_ folder: Folder) throws -> LogSigningKey {
        let key = try #require(LogSigningKey(name: "gw1/b/house/1", seed: seed))
        try KeyFile.write(seed: seed, key: key.verifierKey, to: folder.path + "/log.key")
        return key
    }

    @Test func `a key comes back as it was written, readable by its owner alone`() throws {
        let folder = try Folder()
        let key = try Self.written(folder)
        #expect(try KeyFile.read(folder.path + "/log.key").verifierKey == key.verifierKey)
        let mode = try FileManager.default.attributesOfItem(atPath: folder.path + "/log.key")[.posixPermissions] as? Int
        #expect(mode == 0o600)
        #expect(try folder.names == ["log.key"])
    }

    @Test func `a key is never written over another`() throws {
        let folder = try Folder()
        _ = try Self.written(folder)
        let before = try folder.text("log.key")
        #expect(throws: GatewayError.self) { try Self.written(folder) }
        #expect(try folder.text("log.key") == before)
    }

    @Test func `what an interrupted writing left does not stop the next`() throws {
        let folder = try Folder()
        try folder.write("half", "log.key.new")
        _ = try Self.written(folder)
        #expect(try folder.names == ["log.key"])
    }

    @Test func `a spoiled key file is refused, whatever is spoiled`() throws {
        let folder = try Folder()
        _ = try Self.written(folder)
        let text = try folder.text("log.key")
        let path = folder.path + "/log.key"
        var spoiled = ["", "\n\n\n", text + "more\n", text.replacing("plumbline-key/v1", with: "plumbline-key/v2")]
        spoiled.append(text.replacing("seed 00", with: "seed 01"))
        spoiled.append(text.replacing("seed 00", with: "seed "))
        spoiled.append(text.replacing("seed 00", with: "seed zz"))
        spoiled.append(text.replacing("gw1/b/house/1", with: "gw1/b/house/2"))
        spoiled.append(String(text.prefix(text.count / 2)))
        for bytes in spoiled {
            try folder.write(bytes, "log.key")
            #expect(throws: GatewayError.keyFile(path: path), "\(bytes)") { _ = try KeyFile.read(path) }
        }
    }

    @Test func `a key file that is not there is told as missing`() throws {
        let folder = try Folder()
        let path = folder.path + "/log.key"
        #expect(throws: GatewayError.keyMissing(path: path)) { _ = try KeyFile.read(path) }
    }
}
