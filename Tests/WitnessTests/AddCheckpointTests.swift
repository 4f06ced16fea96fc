import Hashing
import MerkleLog
import Testing
import Witness

/// Goal: the bytes of C2SP tlog-witness, both ways. Method: forms written here by the specification's words, and every kind
/// of damage.
@Suite struct AddCheckpointTests {
    @Test func `a request is written as the specification shows it`() throws {
        let log = try SignedLog(size: 7)
        let request = try log.request(from: 3, to: 7)
        let lines = String(decoding: request.body, as: UTF8.self).split(
            separator: "\n", omittingEmptySubsequences: false)
        #expect(lines[0] == "old 3")
        #expect(lines[1...request.proof.count].allSatisfy { Base64.decodeStrict(String($0))?.count == 32 })
        let rest = lines[(request.proof.count + 1)...]
        #expect(rest.prefix(3) == ["", "gw1/b/house/1", "7"])
        #expect(AddCheckpointRequest(body: request.body) == request)
        #expect(
            String(decoding: try log.request(from: 0, to: 4).body, as: UTF8.self).hasPrefix(
                "old 0\n\ngw1/b/house/1\n4\n"))
    }

    @Test func `a body in another form is no request`() throws {
        let good = String(decoding: try SignedLog(size: 7).request(from: 3, to: 7).body, as: UTF8.self)
        let hash = good.split(separator: "\n")[1]
        let bad = [
            "", "\n", "old 3", "old 3\n", "old 3\n\n", good.replacing("old 3\n", with: "old 03\n"),
            good.replacing("old 3\n", with: "old +3\n"), good.replacing("old 3\n", with: "old  3\n"),
            good.replacing("old 3\n", with: "old -1\n"), good.replacing("old 3\n", with: "old 18446744073709551616\n"),
            good.replacing("old 3\n", with: "Old 3\n"), good.replacing("old 3\n", with: ""),
            good.replacing("\n", with: "\r\n"), good.replacing(hash, with: hash.dropLast()),
            good.replacing(hash, with: "!" + hash.dropFirst()), good + "x", String(good.dropLast()), " " + good,
            good.replacing("old 3\n", with: "old 3\n" + String(repeating: hash + "\n", count: 61)),
            "old 3\n" + String(repeating: "A", count: AddCheckpointRequest.bodyBytesMax),
        ]
        for body in bad { #expect(AddCheckpointRequest(body: Array(body.utf8)) == nil, "\(body.prefix(60))") }
        #expect(AddCheckpointRequest(body: [0xff, 0x0a, 0x0a, 0xfe]) == nil)
    }

    @Test func `an answer is read as it was written, and nothing else is one`() throws {
        let cosigner = try #require(Cosigner(name: "w", seed: Array(repeating: 3, count: 32)))
        let checkpoint = Checkpoint(origin: "o", size: 0, root: MerkleTree.emptyRoot)
        let signature = try cosigner.cosign(checkpoint, timeS: 5)
        let answers: [AddCheckpointAnswer] = [
            .cosigned([signature]), .malformed, .notSigned, .unknownLog, .otherSize(0), .otherSize(.max), .inconsistent,
        ]
        for answer in answers {
            #expect(AddCheckpointAnswer(status: answer.status, body: Array(answer.body.utf8)) == answer)
        }
        #expect(AddCheckpointAnswer.otherSize(20_852_014).body == "20852014\n")
        #expect(AddCheckpointAnswer.otherSize(1).contentType == "text/x.tlog.size")
        let bad: [(Int, String)] = [
            (200, ""), (200, "\n"), (200, "ok\n"), (200, signature.line), (200, signature.line + "\n\n"),
            (200, String(repeating: signature.line + "\n", count: 9)), (409, ""), (409, "7"), (409, "07\n"),
            (409, "-7\n"), (409, "7\n\n"), (409, "seven\n"), (500, ""), (204, ""), (302, ""), (0, ""),
        ]
        for (status, body) in bad {
            #expect(AddCheckpointAnswer(status: status, body: Array(body.utf8)) == nil, "\(status) \(body)")
        }
    }
}
