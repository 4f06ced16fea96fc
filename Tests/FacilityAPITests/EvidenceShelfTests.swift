import Disclosure
import Foundation
import Hashing
import Readings
import Testing

/// Goal: an evidence file is made once, outlives a restart under its id, and is gone when it is over.
/// Method: the time of the file on disk tells whether it was made again.
@Suite(.serialized) struct EvidenceShelfTests {
    private static let grant = Grant(number: 1, name: "kari", role: .facility, untilMs: nil)
    private static let longAgo = Date(timeIntervalSince1970: 1_000_000)

    private func house(_ body: (House) async throws -> Void) async throws {
        let house = try await House.open()
        do {
            try await body(house)
        } catch {
            await house.close()
            throw error
        }
        await house.close()
    }

    /// Runs the shelf of a house until the entry satisfies `isDone`, or 500 looks have passed.
    private func entry(_ house: House, _ id: String, until isDone: @escaping @Sendable (EvidenceShelf.Entry?) -> Bool)
        async -> EvidenceShelf.Entry?
    {
        await withTaskGroup(of: Void.self) { group in
            defer { group.cancelAll() }
            group.addTask { try? await house.facility.run() }  // it ends by being cancelled only
            for _ in 0..<500 {
                let found = try? await house.facility.evidence(id, grant: Self.grant)
                if isDone(found) { return found }
                poll(nil, 0, 10)
            }
            return try? await house.facility.evidence(id, grant: Self.grant)
        }
    }

    private func made(_ house: House, _ id: String) async throws -> EvidenceShelf.Entry {
        try #require(await entry(house, id) { $0?.state == .ready })
    }

    private func ask(_ house: House) async throws -> String {
        try await house.facility.askEvidence(
            range: House.startMs..<(House.startMs + 60_000), streams: [], grant: Self.grant
        ).entry.id
    }

    private func path(_ house: House, _ id: String, _ ending: String = "evidence") -> String {
        house.directory + "/evidence/\(id).\(ending)"
    }

    private func changedAt(_ path: String) throws -> Date? {
        try FileManager.default.attributesOfItem(atPath: path)[.modificationDate] as? Date
    }

    @Test func `a restart finds a made file whole and does not make it again`() async throws {
        try await house { house in
            let id = try await ask(house)
            let first = try await made(house, id)
            try FileManager.default.setAttributes([.modificationDate: Self.longAgo], ofItemAtPath: path(house, id))
            house.clock.advance(86_400_000)
            let again = try await made(try house.restarted(), id)
            #expect(again.file == first.file)
            #expect(again.expiresAtMs == first.expiresAtMs)
            #expect(try changedAt(path(house, id)) == Self.longAgo)
        }
    }

    @Test(arguments: ["", "cut short"]) func `a file that is not what was made is made anew`(text: String) async throws
    {
        try await house { house in
            let id = try await ask(house)
            let first = try await made(house, id)
            try Data(text.utf8).write(to: URL(fileURLWithPath: path(house, id)))
            let again = try await made(try house.restarted(), id)
            #expect(again.file == first.file)
            let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path(house, id))))
            #expect(sha256(bytes) == first.file?.sha256)
        }
    }

    @Test func `a changed byte of a kept file is found at the restart`() async throws {
        try await house { house in
            let id = try await ask(house)
            let first = try await made(house, id)
            var bytes = try Data(contentsOf: URL(fileURLWithPath: path(house, id)))
            bytes[bytes.count / 2] ^= 1
            try bytes.write(to: URL(fileURLWithPath: path(house, id)))
            _ = try await made(try house.restarted(), id)
            let now = Array(try Data(contentsOf: URL(fileURLWithPath: path(house, id))))
            #expect(sha256(now) == first.file?.sha256)
        }
    }

    @Test func `what is over is gone from the disk, though nobody asks for it`() async throws {
        try await house { house in
            let id = try await ask(house)
            _ = try await made(house, id)
            house.clock.advance(EvidenceShelf.keptMs + 1)
            let file = path(house, id)
            await withTaskGroup(of: Void.self) { group in
                group.addTask { try? await house.facility.run() }  // it ends by being cancelled only
                for _ in 0..<500 where FileManager.default.fileExists(atPath: file) { poll(nil, 0, 10) }
                group.cancelAll()
            }
            for ending in ["evidence", "made", "question"] {
                #expect(!FileManager.default.fileExists(atPath: path(house, id, ending)), "\(ending)")
            }
        }
    }

    @Test func `files without a question, half files and strange notes are swept away, others are not touched`()
        async throws
    {
        try await house { house in
            let folder = house.directory + "/evidence"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let strange = ["e-1.evidence", "e-2.evidence.part", "e-3.question", "e-4.made", "e-5.question"]
            for name in strange {
                try Data("1 9223372036854775808 x".utf8).write(to: URL(fileURLWithPath: folder + "/" + name))
            }
            try Data("keep".utf8).write(to: URL(fileURLWithPath: folder + "/README"))
            let id = try await ask(house)
            _ = try await made(house, id)
            let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
            #expect(names == ["README", id + ".evidence", id + ".made", id + ".question"])
        }
    }
}
