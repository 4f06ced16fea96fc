import Hashing
import LocalTangle
import Synchronization
import Tangle
import TangleClient
import Testing

/// Goal: every fault a node can be told to have shows where a client meets it, and only as long as it was asked for.
/// Method: the words of the command line, real HTTP on loopback, milestones made by hand.
@Suite(.serialized) struct FaultTests {
    private func faults(_ words: String...) throws -> LocalTangleFaults { try LocalTangleFaults(words: words) }

    @Test func `words turn faults on, and say them again`() throws {
        #expect(try faults() == LocalTangleFaults())
        for fault in LocalTangleFault.allCases {
            var expected = LocalTangleFaults()
            expected.turnOn(fault)
            #expect(try faults(fault.rawValue) == expected)
            for number in [fault.range.lowerBound, fault.range.upperBound] {
                let read = try faults("\(fault.rawValue)=\(number)")
                #expect(read.words == ["\(fault.rawValue)=\(number)"] && read.isOn(fault))
            }
            #expect(LocalTangleFault.help.contains("  \(fault.rawValue)[="))
        }
        let many = try faults("slow=200", "ignore=3", "no-tips")
        #expect(many.words == ["ignore=3", "no-tips", "slow=200"])
        #expect(try LocalTangleFaults(words: many.words) == many)
    }

    @Test(arguments: [
        ["ignor"], [""], ["=3"], ["ignore="], ["ignore=0"], ["ignore=x"], ["ignore=-1"], ["ignore=1000001"],
        ["prune=19"], ["slow=0"], ["slow=600001"], ["slow=1=2"], ["Ignore"], ["slow", "ignore", "slow=1"],
        ["ignore=4294967295"], ["ignore= 1"],
    ])
    func `words that are no fault are refused, and the refusal names them all`(words: [String]) throws {
        do {
            _ = try LocalTangleFaults(words: words)
            Issue.record("taken")
        } catch {
            #expect(error == .fault(try #require(words.last)))
            for fault in LocalTangleFault.allCases { #expect(error.description.contains(fault.rawValue)) }
        }
    }

    @Test func `ignored blocks are referenced when the fault has ended`() async throws {
        let node = try LocalTangleNode(configuration: handMade(), clock: TestClock().now)
        await node.setFaults(try faults("ignore=2"))
        let id = try await node.submitMined("ignored twice")
        for _ in 0..<2 {
            _ = try await node.issueMilestone()
            #expect(try await node.referencedBy(id) == nil)
        }
        let third = try await node.issueMilestone()
        #expect(try await node.referencedBy(id) == third.index)
    }

    @Test func `pruning begins when it is turned on`() async throws {
        try await withServer(handMade(pruneAfter: 1_000)) { url, node in
            let id = try await node.submitMined("old")
            for _ in 0..<40 { _ = try await node.issueMilestone() }
            let block = "\(url)/api/core/v2/blocks/\(id.text)"
            let proof = "\(url)/api/poi/v1/create/\(id.text)"
            #expect(try await ask(proof).status == 200)
            await node.setFaults(try faults("prune=25"))
            _ = try await node.issueMilestone()
            for path in [block, block + "/metadata", proof, "\(url)/api/core/v2/milestones/by-index/17"] {
                #expect(try await ask(path).status == 404, "\(path)")
            }
            #expect(try await ask("\(url)/api/core/v2/milestones/by-index/18").status == 200)
            let info = try await ask("\(url)/api/core/v2/info").json()
            #expect(info["status"]?["pruningIndex"]?.asInteger(Int.self) == 17)
        }
    }

    @Test func `an unhealthy node is well again after its milestones`() async throws {
        try await withServer(handMade()) { url, node in
            await node.setFaults(try faults("unhealthy=2"))
            for isHealthy in [false, false, true] {
                #expect(try await ask("\(url)/health").status == (isHealthy ? 200 : 503))
                let info = try await ask("\(url)/api/core/v2/info").json()
                #expect(info["status"]?["isHealthy"]?.asBool == isHealthy)
                _ = try await node.issueMilestone()
            }
        }
    }

    @Test func `a stale node tells the milestone's time too early, never before 1970`() async throws {
        try await withServer(handMade()) { url, node in
            let latest = Int64(try #require(await node.latestMilestone).timestamp)
            for (word, expected) in [("stale", latest - 600), ("stale=7", latest - 7)] {
                await node.setFaults(try faults(word))
                #expect(try await reportedTime(url) == expected)
            }
            await node.setFaults(try faults("stale=1000000000"))
            #expect(try await reportedTime(url) == latest - 1_000_000_000)
        }
        let clock = TestClock()
        clock.advance(ms: -1_789_000_000_000)
        try await withServer(handMade(), clock: clock) { url, node in
            await node.setFaults(try faults("stale=1000000000"))
            #expect(try await reportedTime(url) == 0)
        }
    }

    private func reportedTime(_ url: String) async throws -> Int64? {
        try await ask("\(url)/api/core/v2/info").json()["status"]?["latestMilestone"]?["timestamp"]?
            .asInteger(Int64.self)
    }

    @Test func `a lost reply ends the connection, and the block was taken`() async throws {
        try await withServer(handMade()) { url, node in
            await node.setFaults(try faults("lost-reply=2"))
            let blocks = "\(url)/api/core/v2/blocks"
            for number in 1...2 {
                let block = try taggedBlock("lost \(number)", on: try await node.tips())
                let answer = try? await ask(blocks, method: .post, type: rawType, body: block.serialized())
                #expect((answer == nil) == (number == 1), "block \(number)")
                #expect(try await node.block(block.id) == block.serialized())
                if number == 1 {
                    // What our own client makes of it: neither done nor not done.
                    let client = HTTPTangleNode(url: url)
                    var error: NodeError?
                    do { try await client.submit(block.serialized(), id: block.id.hash) } catch let thrown as NodeError
                    {
                        error = thrown
                    }
                    try await client.shutdown()
                    guard case .unreachable = error else {
                        Issue.record("\(String(describing: error))")
                        return
                    }
                }
            }
        }
    }

    @Test func `another id is told as often as asked for`() async throws {
        try await withServer(handMade()) { url, node in
            await node.setFaults(try faults("other-id=1"))
            let block = try taggedBlock("other", on: try await node.tips())
            for isOwn in [false, true] {
                let answer = try await ask(
                    "\(url)/api/core/v2/blocks", method: .post, type: rawType, body: block.serialized()
                ).json()
                #expect((answer["blockId"]?.asString == block.id.text) == isOwn)
            }
        }
    }

    @Test func `tips and proofs come back with the milestones`() async throws {
        try await withServer(handMade()) { url, node in
            let id = try await node.submitMined("prove me")
            _ = try await node.issueMilestone()
            await node.setFaults(try faults("no-tips=1", "no-proofs=2"))
            let tips = "\(url)/api/core/v2/tips"
            let proof = "\(url)/api/poi/v1/create/\(id.text)"
            let (with, without) = (["core/v2", "poi/v1"], ["core/v2"])
            for (tipsStatus, proofStatus, routes) in [(503, 404, without), (200, 404, without), (200, 200, with)] {
                #expect(try await ask(tips).status == tipsStatus)
                #expect(try await ask(proof).status == proofStatus)
                let told = try await ask("\(url)/api/routes").json()["routes"]?.asArray?.compactMap(\.asString)
                #expect(told == routes)
                _ = try await node.issueMilestone()
            }
        }
    }

    @Test func `every answer of a slow node waits`() async throws {
        let waited = Mutex<[Int64]>([])
        try await withServer(handMade(), pause: { ms in waited.withLock { $0.append(ms) } }) { url, node in
            #expect(try await ask("\(url)/health").status == 200)
            #expect(waited.withLock { $0 }.isEmpty)
            await node.setFaults(try faults("slow=250"))
            #expect(try await ask("\(url)/health").status == 200)
            #expect(try await ask("\(url)/api/core/v2/tips").status == 200)
            #expect(try await ask("\(url)/nothing").status == 404)
            #expect(waited.withLock { $0 } == [250, 250, 250])
        }
    }
}
