import AsyncHTTPClient
import Disclosure
import FacilityAPI
import Foundation
import Hashing
import LedgerStore
import NIOCore
import Readings
import Testing
import TwinModel

/// Goal: files go out whole or in pieces with their digest; event streams greet, resume and end.
@Suite(.serialized) struct EvidenceAndEventsTests {
    private func house(_ body: @escaping @Sendable (House, Door) async throws -> Void) async throws {
        let house = try await House.open()
        do {
            try await Door.open(house) { door in try await body(house, door) }
        } catch {
            await house.close()
            throw error
        }
        await house.close()
    }

    @Test func `the same question is made once, waited for, and fetched in pieces`() async throws {
        try await house { _, door in
            let question = Array(
                #"{"kind":"period","from":"2026-03-01T00:00:00+01:00","to":"2026-04-01T00:00:00+02:00"}"#.utf8)
            let json = [("Content-Type", "application/json")]
            let first = try await door.ask("POST", "/v1/evidence", headers: json, body: question)
            #expect(first.status == 202)
            #expect(first.header("Retry-After") == "5")
            let path = try #require(first.header("Location"))
            let again = try await door.ask("POST", "/v1/evidence", headers: json, body: question)
            #expect(again.status == 200)
            #expect(again.header("Location") == path)
            var state = try await door.get(path)
            for _ in 0..<200 where !state.text.contains("\"ready\"") {
                poll(nil, 0, 20)
                state = try await door.get(path)
            }
            let file = try VectorMaker.vector("honest-full.period")
            let id = path.split(separator: "/").last ?? ""
            #expect(
                state.text.hasPrefix(
                    #"{"id":"\#(id)","state":"ready","anchors":[790,5250],"sizeBytes":\#(file.count),"sha256":"\#(sha256(file).hex)","check":"plumbline verify bk16-2026-03.evidence --policy YOUR.card","expiresAt":""#
                ))
            let whole = try await door.get(path, ("Accept", "application/x-tar"))
            #expect(whole.bytes == file)
            #expect(whole.header("Repr-Digest") == "sha-256=:" + Base64.encode(sha256(file).bytes) + ":")
            #expect(whole.header("Cache-Control") == "private, max-age=31536000, immutable")
            let part = try await door.get(path, ("Accept", "application/x-tar"), ("Range", "bytes=100-199"))
            #expect(part.status == 206)
            #expect(part.header("Content-Range") == "bytes 100-199/\(file.count)")
            #expect(part.bytes == Array(file[100..<200]))
            #expect(
                try await door.get(path, ("Accept", "application/x-tar"), ("Range", "bytes=\(file.count)-")).status
                    == 416)
        }
    }

    @Test func `a question keeps its id over a restart and is made again`() async throws {
        let house = try await House.open()
        let asked = try await house.facility.askEvidence(
            range: House.startMs..<(House.startMs + 60_000), streams: [],
            grant: Grant(number: 1, name: "kari", role: .facility, untilMs: nil))
        let id = asked.entry.id
        try await Door.open(try house.restarted()) { door in
            var state = try await door.get("/v1/evidence/" + id)
            for _ in 0..<200 where !state.text.contains("\"ready\"") {
                poll(nil, 0, 20)
                state = try await door.get("/v1/evidence/" + id)
            }
            #expect(state.text.hasPrefix("{\"id\":\"\(id)\",\"state\":\"ready\""))
        }
        await house.close()
    }

    @Test func `a file that cannot be made yet waits, one that never can has failed`() async throws {
        try await house { _, door in
            let json = [("Content-Type", "application/json")]
            for (body, state) in [
                (#"{"kind":"period","from":"2026-01-01T00:00:00Z","to":"2026-03-01T00:00:00Z"}"#, "waiting-for-anchor"),
                (
                    #"{"kind":"period","from":"2026-03-01T13:00:00Z","to":"2026-03-01T13:01:00Z","streams":[2]}"#,
                    "failed"
                ),
            ] {
                let asked = try await door.ask("POST", "/v1/evidence", headers: json, body: Array(body.utf8))
                let path = try #require(asked.header("Location"))
                var answer = asked
                for _ in 0..<200 where !answer.text.contains("\"\(state)\"") {
                    poll(nil, 0, 20)
                    answer = try await door.get(path)
                }
                #expect(try JSONValue(parsing: answer.bytes)["state"]?.asText == state)
            }
        }
    }

    @Test func `one reading is checked by the gateway, or handed out as a file`() async throws {
        try await house { _, door in
            let path = "/v1/points/m1.energy-import/readings/2026-03-01T13:00:05.118Z/evidence"
            let verdict = try await door.get(path)
            #expect(verdict.status == 200)
            let json = try JSONValue(parsing: verdict.bytes)
            #expect(json["verdict"]?.asText == "holds-with-notes")
            #expect(json["exit"]?.asInt == 0)
            #expect(json["checkedBy"]?.asText == "gateway")
            #expect(
                verdict.text.hasPrefix(
                    #"{"verdict":"holds-with-notes","exit":0,"selfNetwork":false,"checkedBy":"gateway","sentence":""#))
            #expect(
                json["findings"]?.asArray?.compactMap { $0["code"]?.asText } == [
                    "W_ANCHORS_UNWATCHED", "W_NO_LOWER_BOUND", "W_NO_OUTSIDE_MEMORY",
                ])
            let file = try await door.get(path, ("Accept", "application/vnd.plumbline.reading+cbor"))
            #expect(file.bytes == (try VectorMaker.vector("reading-honest.reading")))
        }
    }

    @Test func `a file from outside is checked against the card that came with it`() async throws {
        try await house { _, door in
            let file = try VectorMaker.vector("honest-full.period")
            let alone = try await door.ask(
                "POST", "/v1/verifications", headers: [("Content-Type", "application/x-tar")], body: file)
            let first = try JSONValue(parsing: alone.bytes)
            #expect(first["exit"]?.asInt == 2)
            #expect(first["card"]?.asText == "from-file")
            #expect(first["sha256"]?.asText == sha256(file).hex)
            let card = try VectorMaker.vector("gateway.card")
            let body =
                Array("--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\n".utf8) + file
                + Array("\r\n--b\r\nContent-Disposition: form-data; name=\"card\"\r\n\r\n".utf8) + card
                + Array("\r\n--b--\r\n".utf8)
            let both = try await door.ask(
                "POST", "/v1/verifications", headers: [("Content-Type", "multipart/form-data; boundary=b")], body: body)
            let second = try JSONValue(parsing: both.bytes)
            #expect(second["exit"]?.asInt == 0)
            #expect(second["card"]?.asText == "own")
        }
    }

    @Test func `what is not of class none is counted for the access leaf`() async throws {
        try await house { house, door in
            _ = try await door.get("/v1/points/ahu1.co2")
            _ = try await door.get("/v1/points/m1.energy-import")
            let uses = try await house.ledger.waitingUses().uses
            #expect(uses.map(\.scope) == ["ahu1.co2"])
            #expect(uses.map(\.what) == ["current"])
            #expect(uses.first?.actor.count == 16)
        }
    }

    /// Reads a stream until its text contains `needle`; at most 200 pieces.
    private func read(_ door: Door, _ path: String, headers: [(String, String)] = [], until needle: String) async throws
        -> String
    {
        let request = door.request("GET", path, headers: headers + [("Accept", "text/event-stream")])
        let response = try await door.client.execute(request, timeout: .seconds(30))
        var text = ""
        var pieces = 0
        for try await piece in response.body {
            text += String(buffer: piece)
            pieces += 1
            if text.contains(needle) || pieces > 200 { break }
        }
        return text
    }

    @Test func `a stream greets, sends what happened with ids, and beats`() async throws {
        try await house { house, door in
            let last = try await house.ledger.addEvents(
                [NewEvent(kind: "gap", json: "{}")], nowMs: UInt64(House.startMs) + 100)
            let resumedFrom = try #require(last.first)
            let ids = try await house.ledger.addEvents(
                [
                    NewEvent(kind: "seal", json: #"{"k":29539501,"leafIndex":7,"size":8}"#),
                    NewEvent(kind: "quality", points: ["ahu1.co2"], json: #"{"point":"ahu1.co2"}"#),
                ], nowMs: UInt64(House.startMs) + 200)
            let text = try await read(
                door, "/v1/events?points=m1.energy-import&kinds=seal&kinds=quality",
                headers: [("Last-Event-ID", String(resumedFrom))],
                until: "event: tick")
            #expect(
                text.hasPrefix(
                    "retry: 3000\n\nevent: hello\ndata: {\"now\":\"2026-03-01T13:02:10.004Z\",\"timeZone\":\"Europe/Oslo\",\"heartbeatSeconds\":15,\"resumedFrom\":\(resumedFrom)}\n\n"
                ))
            #expect(text.contains("id: \(ids[0])\nevent: seal\ndata: {\"k\":29539501,\"leafIndex\":7,\"size\":8}\n\n"))
            #expect(!text.contains("ahu1.co2"))
            #expect(text.contains("event: tick\ndata: {\"now\":\""))
        }
    }

    @Test func `an id that is no longer kept gives a reset`() async throws {
        try await house { _, door in
            let text = try await read(door, "/v1/events?since=1", until: "event: reset")
            #expect(
                text.contains("\"resumedFrom\":null")
                    && text.contains("event: reset\ndata: {\"reason\":\"too-old\"}\n\n"))
        }
    }

    @Test func `new readings come as one frame with the newest of each point`() async throws {
        try await house { house, door in
            let request = door.request(
                "GET", "/v1/events?points=m1.energy-import&kinds=reading", headers: [("Accept", "text/event-stream")])
            let response = try await door.client.execute(request, timeout: .seconds(30))
            var text = ""
            var isGiven = false
            for try await piece in response.body {
                text += String(buffer: piece)
                if text.contains("event: hello"), !isGiven {
                    isGiven = true
                    let at = house.clock.nowMs
                    let meter = try await house.number("m1.energy-import")
                    await house.keeper.apply(
                        (1...3).map {
                            Reading(
                                point: meter, capturedAtMs: at + Int64($0), quality: .good,
                                value: .integer(1_842_204 + Int64($0)))
                        })
                }
                if text.contains("event: reading") || text.utf8.count > 100_000 { break }
            }
            #expect(
                text.contains("\"value\":184220.7,\"unit\":\"kW.h\",\"quality\":\"good\",\"proof\":\"open\"}]}\n\n"))
            #expect(!text.contains("184220.5"))
        }
    }
}
