import Hashing
import Logging
import MerkleLog
import Testing
import Watching
import Witness
import WitnessClient

/// Goal: a gateway's client and the witness's door understand each other over HTTP. Method: a loopback port, both sides ours;
/// the bytes themselves are checked against the specification in `WitnessTests`.
@Suite struct WatchServerTests {
    private func withDoor(
        _ body: @Sendable (_ run: WatchRun, _ log: TestLog, _ witness: HTTPWitness, _ url: String) async throws -> Void
    ) async throws {
        let log = try TestLog(size: 60)
        let house = try await WatchedHouse(log)
        let run = try await house.open()
        let (ports, told) = AsyncStream<Int>.makeStream()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                defer { told.finish() }
                let server = WatchServer(
                    desk: run.desk, journal: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
                ) { await run.watcher.report }
                try await server.run(host: "127.0.0.1", port: 0) { told.yield($0) }
            }
            defer { group.cancelAll() }
            var listening = ports.makeAsyncIterator()
            let port = try #require(await listening.next(), "the witness does not listen")
            let witness = HTTPWitness(url: "http://127.0.0.1:\(port)/")
            do { try await body(run, log, witness, "http://127.0.0.1:\(port)") } catch {
                try await witness.shutdown()
                throw error
            }
            try await witness.shutdown()
            group.cancelAll()
            while await group.nextResult() != nil {}
        }
    }

    @Test func `a log hands in its checkpoint and asks for the latest`() async throws {
        try await withDoor { run, log, witness, _ in
            #expect(try await witness.latest(origin: TestLog.origin) == nil)
            let first = AddCheckpointRequest(oldSize: 0, proof: [], note: try log.note(20))
            guard case .cosigned(let lines) = try await witness.add(first) else {
                Issue.record("not cosigned")
                return
            }
            #expect(SignedNote(text: try log.note(20).text, signatures: lines).isSigned(by: run.desk.key))
            #expect(try await witness.add(first) == .otherSize(20))
            let wrong = AddCheckpointRequest(oldSize: 20, proof: [.zero], note: try log.note(30))
            #expect(try await witness.add(wrong) == .inconsistent)
            #expect(
                try await witness.add(AddCheckpointRequest(oldSize: 21, proof: [], note: try log.note(20)))
                    == .malformed)
            let latest = try #require(try await witness.latest(origin: TestLog.origin))
            #expect(latest.checkpoint?.size == 20 && latest.isSigned(by: log.key.verifierKey))
            #expect(try await witness.latest(origin: "another") == nil)
        }
    }

    @Test func `an address that answers nothing, or something else, is an error and no answer`() async throws {
        try await withDoor { _, log, _, url in
            let request = AddCheckpointRequest(oldSize: 0, proof: [], note: try log.note(20))
            let elsewhere = HTTPWitness(url: url + "/elsewhere")
            // A path that is not there looks like a log that is not followed: the witness has one prefix.
            #expect(try await elsewhere.add(request) == .unknownLog)
            try await elsewhere.shutdown()
            let bad = HTTPWitness(url: "http://127.0.0.1:0")
            await #expect(throws: CallError.unreachable("the address has no port from 1 to 65535")) {
                try await bad.add(request)
            }
            try await bad.shutdown()
        }
    }
}
