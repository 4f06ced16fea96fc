import Hashing
import LocalTangle
import ProofOfWork
import Tangle
import TangleClient
import Testing

/// Goal: what a stock client asks is answered as a real node answers. Method: real HTTP on loopback.
@Suite(.serialized) struct NodeRoutesTests {
    @Test func `info has every field that stock clients insist on, and the score is an integer`() async throws {
        try await withServer(handMade(minPoWScore: 10)) { url, node in
            let info = try await ask("\(url)/api/core/v2/info").json()
            for path in [
                ["name"], ["version"], ["status", "isHealthy"], ["status", "latestMilestone", "index"],
                ["status", "latestMilestone", "timestamp"], ["status", "latestMilestone", "milestoneId"],
                ["status", "confirmedMilestone", "index"], ["status", "pruningIndex"], ["supportedProtocolVersions"],
                ["protocol", "version"], ["protocol", "networkName"], ["protocol", "bech32Hrp"],
                ["protocol", "belowMaxDepth"], ["protocol", "rentStructure", "vByteCost"],
                ["protocol", "rentStructure", "vByteFactorData"], ["protocol", "rentStructure", "vByteFactorKey"],
                ["pendingProtocolParameters"], ["baseToken", "name"], ["baseToken", "tickerSymbol"],
                ["baseToken", "unit"], ["baseToken", "decimals"], ["baseToken", "useMetricPrefix"],
                ["metrics", "blocksPerSecond"], ["metrics", "referencedBlocksPerSecond"],
                ["metrics", "referencedRate"], ["features"],
            ] {
                let value = path.reduce(Optional(info)) { $0?[$1] }
                #expect(value != nil, "\(path.joined(separator: "."))")
            }
            #expect(info["protocol"]?["minPowScore"] == .number("10"))
            #expect(info["protocol"]?["tokenSupply"]?.asString != nil)
            #expect(info["protocol"]?["networkName"]?.asString == "test-net")
            #expect(try await ask("\(url)/health").status == 200)
            #expect(
                try await ask("\(url)/api/routes").json()["routes"]
                    == .array([.string("core/v2"), .string("poi/v1")]))
        }
    }

    @Test func `a block is posted and read in both forms`() async throws {
        try await withServer(handMade(minPoWScore: 10)) { url, node in
            var block = try taggedBlock("both forms", on: try await node.tips())
            block.nonce = try await Miner().mine(block.work, minScore: 10).nonce
            let bytes = block.serialized()
            let blocks = "\(url)/api/core/v2/blocks"
            for (type, body) in [(rawType, bytes), ("application/json", try block.json().bytes)] {
                let answer = try await ask(blocks, method: .post, type: type, body: body)
                #expect(answer.status == 201)
                #expect(try answer.json()["blockId"]?.asString == block.id.text)
                #expect(answer.headers["location"] == "/api/core/v2/blocks/\(block.id.text)")
            }
            let raw = try await ask("\(blocks)/\(block.id.text)", accept: rawType)
            #expect(raw.bytes == bytes && raw.headers["content-type"] == rawType)
            let read = try await ask("\(blocks)/\(block.id.text)", accept: "application/json")
            #expect(try Block(json: try read.json()) == block)

            let milestone = try await node.issueMilestone()
            let metadata = try await ask("\(blocks)/\(block.id.text)/metadata").json()
            #expect(metadata["ledgerInclusionState"]?.asString == "noTransaction")
            #expect(metadata["referencedByMilestoneIndex"] == .number(milestone.index))
            #expect(metadata["whiteFlagIndex"]?.asInteger(UInt32.self) != nil)
            #expect(metadata["shouldPromote"] == nil)

            let milestones = "\(url)/api/core/v2/milestones"
            for path in ["by-index/\(milestone.index)", milestone.id.text] {
                #expect(try await ask("\(milestones)/\(path)", accept: rawType).bytes == milestone.serialized())
                #expect(try Milestone(json: try await ask("\(milestones)/\(path)").json()) == milestone)
            }
        }
    }

    @Test func `a proof is made, validated, and invalid when anything in it changes`() async throws {
        try await withServer(handMade()) { url, node in
            let id = try await node.submitMined("prove me")
            let create = "\(url)/api/poi/v1/create/\(id.text)"
            #expect(try await ask(create).errorCode == "400")
            let milestone = try await node.issueMilestone()
            let answer = try await ask(create)
            let proof = try InclusionProof(json: try answer.json())
            #expect(proof.isIncluded && proof.milestone == milestone)
            let validate = "\(url)/api/poi/v1/validate"
            let good = try await ask(validate, method: .post, type: "application/json", body: answer.bytes)
            #expect(good.bytes == Array("{\"valid\":true}".utf8))
            var changed = proof
            changed.milestone.timestamp += 1
            let bad = try await ask(
                validate, method: .post, type: "application/json", body: try changed.json().bytes)
            #expect(bad.bytes == Array("{\"valid\":false}".utf8))
            #expect(try await ask(validate, method: .post, body: [1, 2]).status == 400)
        }
    }

    @Test func `every refusal has its status and the error body`() async throws {
        try await withServer(handMade(minPoWScore: 4_000)) { url, node in
            let blocks = "\(url)/api/core/v2/blocks"
            let id = try #require(await node.latestMilestone).parents[0].text
            let unknown = BlockID(sha256([1])).text
            let tips = try await node.tips()
            let lazy = try taggedBlock("no work", on: tips).serialized()
            let cases: [(String, Answer, Int)] = [
                ("unknown block", try await ask("\(blocks)/\(unknown)"), 404),
                ("unknown metadata", try await ask("\(blocks)/\(unknown)/metadata"), 404),
                ("no id", try await ask("\(blocks)/0x12"), 400),
                ("genesis", try await ask("\(blocks)/\(id)"), 404),
                ("unknown milestone", try await ask("\(url)/api/core/v2/milestones/by-index/999"), 404),
                ("no index", try await ask("\(url)/api/core/v2/milestones/by-index/x"), 400),
                ("huge index", try await ask("\(url)/api/core/v2/milestones/by-index/99999999999999999999"), 400),
                ("unknown proof", try await ask("\(url)/api/poi/v1/create/\(unknown)"), 404),
                ("no work", try await ask(blocks, method: .post, type: rawType, body: lazy), 400),
                ("noise", try await ask(blocks, method: .post, type: rawType, body: [1, 2, 3]), 400),
                ("no JSON", try await ask(blocks, method: .post, type: "application/json", body: [0x7b]), 400),
                (
                    "empty JSON", try await ask(blocks, method: .post, type: "application/json", body: [0x7b, 0x7d]),
                    400
                ),
                ("type", try await ask(blocks, method: .post, type: "text/plain", body: lazy), 415),
                (
                    "too much",
                    try await ask(
                        blocks, method: .post, type: rawType, body: [UInt8](repeating: 0, count: (1 << 20) + 1)), 413
                ),
                ("accept", try await ask("\(blocks)/\(tips[0].text)", accept: "text/html"), 406),
                ("no route", try await ask("\(url)/api/core/v2/nothing"), 404),
            ]
            for (name, answer, status) in cases {
                #expect(answer.status == status, "\(name)")
                #expect(answer.errorCode == String(status), "\(name)")
            }
        }
    }

    @Test func `noise and mutated blocks are refused and the node goes on`() async throws {
        try await withServer(handMade()) { url, node in
            let seed: UInt64 = 20_261_123
            var state = seed
            let good = try taggedBlock("seed", on: try await node.tips()).serialized()
            for round in 0..<150 {
                var bytes = good
                for _ in 0..<3 {
                    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                    bytes[Int(state >> 33) % bytes.count] = UInt8(truncatingIfNeeded: state >> 40)
                }
                let type = round % 2 == 0 ? rawType : "application/json"
                let answer = try await ask("\(url)/api/core/v2/blocks", method: .post, type: type, body: bytes)
                #expect([201, 400].contains(answer.status), "seed \(seed) round \(round)")
            }
            _ = try await node.issueMilestone()
            #expect(try await ask("\(url)/health").status == 200)
        }
    }

    @Test func `a node without milestones for five minutes is not healthy`() async throws {
        let clock = TestClock()
        try await withServer(handMade(), clock: clock) { url, node in
            clock.advance(ms: 299_999)
            #expect(try await ask("\(url)/health").status == 200)
            clock.advance(ms: 1)
            #expect(try await ask("\(url)/health").status == 503)
            _ = try await node.issueMilestone()
            #expect(try await ask("\(url)/health").status == 200)
        }
    }

    @Test func `our own client anchors against it`() async throws {
        try await withServer(handMade(minPoWScore: 100)) { url, node in
            let client = HTTPTangleNode(url: url)
            let info = try await client.info()
            #expect(info.networkName == "test-net" && info.minPoWScore == 100 && info.isHealthy)
            let parents = try await client.tips().map { BlockID($0) }
            var block = try taggedBlock("our client", on: parents)
            block.nonce = try await Miner().mine(block.work, minScore: info.minPoWScore).nonce
            try await client.submit(block.serialized(), id: block.id.hash)
            #expect(try await client.status(of: block.id.hash).referencedBy == nil)
            let milestone = try await node.issueMilestone()
            #expect(try await client.status(of: block.id.hash).referencedBy == milestone.index)
            #expect(try await client.milestone(index: milestone.index) == milestone.serialized())
            _ = try await client.proofOfInclusion(of: block.id.hash)
            try await client.shutdown()
        }
    }
}
