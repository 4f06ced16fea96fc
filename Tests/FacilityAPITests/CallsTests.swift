import Disclosure
import FacilityAPI
import Foundation
import Hashing
import MerkleLog
import Readings
import Testing

/// Goal: the calls of the style guide answer in its very shapes, over real HTTP.
/// Method: a small ledger made through capture's own writer, a server on a free loopback port, whole answers compared.
@Suite(.serialized) struct CallsTests {
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

    @Test func `the gateway says what it is`() async throws {
        try await house { _, door in
            let answer = try await door.get("/v1")
            #expect(answer.status == 200)
            #expect(answer.header("Content-Type") == "application/json")
            #expect(answer.header("Cache-Control") == "private, no-cache")
            #expect(answer.header("RateLimit") == "\"read\";r=599;t=60")
            #expect(
                answer.text
                    == #"{"building":"bk16","label":"House 16","timeZone":"Europe/Oslo","now":"2026-03-01T13:02:10.004Z","version":"1.4.0","origin":"gw1/b/bk16/1","network":"dev","selfNetwork":true,"modelRevision":1,"grant":{"role":"facility","until":"2026-03-02T13:00:00.000Z","streams":null},"leaving":[],"recordedSince":"2026-03-01T13:00:00.000Z","sealedTo":"2026-03-01T13:02:00.000Z","anchoredTo":"2026-03-01T13:01:00.000Z"}"#
            )
        }
    }

    @Test func `points are filtered and say since when they are silent`() async throws {
        try await house { house, door in
            let answer = try await door.get("/v1/points?entity=ahu1&quality=stale&quality=offline")
            let number = try await house.number("ahu1.filter-dp")
            #expect(
                answer.text
                    == #"{"items":[{"id":"ahu1.filter-dp","number":\#(number),"entity":"ahu1","type":"Filter_Differential_Pressure_Sensor","unit":"Pa","nature":"gauge","privacy":"none","expectedSeconds":10,"last":{"at":"2026-03-01T13:00:04.000Z","value":112,"quality":"good"},"quality":"stale","since":"2026-03-01T13:01:01.000Z","device":"mb1"}],"next":null}"#
            )
            let first = try await door.get("/v1/points?limit=2")
            let next = try #require(first.text.split(separator: "\"next\":\"").last?.split(separator: "\"").first)
            #expect(first.header("Link") == "<\(next)>; rel=\"next\"")
            let second = try await door.get(String(next))
            #expect(second.text.contains("\"id\":\"m1.energy-import\""))
            #expect(second.text.hasSuffix("\"next\":null}"))
        }
    }

    @Test func `one point shows its source, its value and its proof`() async throws {
        try await house { house, door in
            let answer = try await door.get("/v1/points/m1.energy-import")
            let number = try await house.number("m1.energy-import")
            let stream = try await house.stream("m1.energy-import")
            #expect(
                answer.text
                    == #"{"id":"m1.energy-import","number":\#(number),"entity":"m1","type":"Electric_Energy_Sensor","unit":"kW.h","nature":"counter","privacy":"none","expectedSeconds":60,"source":{"device":"mb1","profile":"eastron-sdm630","register":"energy.active.import"},"current":{"at":"2026-03-01T13:02:05.118Z","value":184220.3,"raw":"1842203","quality":"good","proof":"open"},"revision":1,"stream":\#(stream),"quality":"good","since":"2026-03-01T13:00:05.118Z","command":null}"#
            )
            let etag = try #require(answer.header("ETag"))
            #expect(etag.hasPrefix("\"r1-"))
            let again = try await door.get("/v1/points/m1.energy-import", ("If-None-Match", etag))
            #expect(again.status == 304)
            #expect(again.bytes.isEmpty)
        }
    }

    @Test func `entities have their relations and points, and an ETag of the revision`() async throws {
        try await house { _, door in
            let answer = try await door.get("/v1/entities/m1")
            #expect(answer.header("ETag") == "\"r1\"")
            #expect(
                answer.text
                    == #"{"id":"m1","type":"Building_Electrical_Meter","label":"Main meter","relations":[{"kind":"at","target":"house"},{"kind":"meters","target":"house"}],"annotations":{"metrology":{"class":"B"}},"points":["m1.energy-import"]}"#
            )
            let list = try await door.get("/v1/entities?type=AHU")
            #expect(list.text.hasPrefix(#"{"items":[{"id":"ahu1","#) && list.text.hasSuffix(#"],"next":null}"#))
        }
    }

    @Test func `readings come in pages that neither shift nor repeat, each with its proof state`() async throws {
        try await house { house, door in
            let path =
                "/v1/points/m1.energy-import/readings?from=2026-03-01T13:00:00Z&to=2026-03-01T14:03:00%2B01:00&limit=1"
            let first = try await door.get(path)
            #expect(
                first.text.hasPrefix(
                    #"{"items":[{"point":"m1.energy-import","at":"2026-03-01T13:00:05.118Z","sourceAt":null,"value":184219.9,"raw":"1842199","unit":"kW.h","quality":"good","k":29539500,"proof":"anchored"}],"next":"/v1/points/m1.energy-import/readings?cursor="#
                ))
            var seen: [String] = []
            var next: String? = path
            while let path = next {
                let page = try JSONValue(parsing: try await door.get(path).bytes)
                for item in page["items"]?.asArray ?? [] {
                    seen.append((item["at"]?.asText ?? "") + " " + (item["proof"]?.asText ?? ""))
                }
                next = page["next"]?.asText
            }
            #expect(
                seen == [
                    "2026-03-01T13:00:05.118Z anchored", "2026-03-01T13:01:05.118Z sealed",
                    "2026-03-01T13:02:05.118Z open",
                ])
            let down = try await door.get("/v1/points/m1.energy-import/readings?day=2026-03-01&order=desc&limit=2")
            #expect(down.text.contains(#""at":"2026-03-01T13:02:05.118Z""#) && !down.text.contains("13:00:05"))
            house.clock.advance(2 * 3_600_000)
            let late = try await door.get(String(first.text.split(separator: "\"next\":\"").last?.dropLast(2) ?? ""))
            #expect(late.status == 410)
            #expect(late.text.contains("cursor-expired"))
        }
    }

    @Test func `a CSV has three time columns, exact numbers and a digest of its bytes`() async throws {
        try await house { _, door in
            let path = "/v1/points/m1.energy-import/readings?from=2026-03-01T13:00:00Z&to=2026-03-01T13:02:00Z"
            let csv = try await door.get(path, ("Accept", "text/csv"))
            #expect(csv.header("Content-Type") == "text/csv; charset=utf-8; header=present")
            #expect(
                csv.text == """
                    at_utc,at_local,utc_offset,point,value,raw,unit,quality,source_utc,k,proof\r
                    2026-03-01T13:00:05.118Z,2026-03-01T14:00:05,+01:00,m1.energy-import,184219.9,1842199,kW.h,good,,29539500,anchored\r
                    2026-03-01T13:01:05.118Z,2026-03-01T14:01:05,+01:00,m1.energy-import,184220.1,1842201,kW.h,good,,29539501,sealed\r

                    """)
            #expect(csv.header("Repr-Digest") == "sha-256=:" + Base64.encode(sha256(csv.bytes).bytes) + ":")
            #expect(
                csv.header("Content-Disposition")
                    == "attachment; filename=\"bk16-m1.energy-import-2026-03-01T1400-to-2026-03-01T1402-Europe-Oslo.csv\""
            )
            let german = try await door.get(path + "&format=csv&dialect=de")
            #expect(german.bytes.starts(with: [0xEF, 0xBB, 0xBF]))
            #expect(german.text.contains(";184219,9;1842199;"))
        }
    }

    @Test func `a series has contiguous buckets and names its gaps`() async throws {
        try await house { _, door in
            let answer = try await door.get(
                "/v1/points/ahu1.filter-dp/series?from=2026-03-01T13:00:00Z&to=2026-03-01T13:03:00Z&seconds=60")
            #expect(
                answer.text
                    == #"{"point":"ahu1.filter-dp","unit":"Pa","from":"2026-03-01T13:00:00.000Z","to":"2026-03-01T13:03:00.000Z","timeZone":"Europe/Oslo","seconds":60,"buckets":[{"start":"2026-03-01T13:00:00.000Z","min":112,"max":112,"mean":112,"count":1,"expected":6,"quality":"good"},{"start":"2026-03-01T13:01:00.000Z","min":null,"max":null,"mean":null,"count":0,"expected":6,"quality":"stale"},{"start":"2026-03-01T13:02:00.000Z","min":null,"max":null,"mean":null,"count":0,"expected":6,"quality":"stale"}],"gaps":[{"from":"2026-03-01T13:00:14.000Z","to":"2026-03-01T13:02:10.004Z","cause":"stale"}]}"#
            )
            let day = try await door.get("/v1/points/ahu1.filter-dp/series?day=2026-03-29&seconds=900")
            let buckets = try #require(try JSONValue(parsing: day.bytes)["buckets"]?.asArray)
            #expect(buckets.count == 92)
        }
    }

    @Test func `completeness counts each stream's local day`() async throws {
        try await house { house, door in
            let stream = try await house.stream("m1.energy-import")
            let answer = try await door.get("/v1/completeness?day=2026-03-01&stream=\(stream)")
            #expect(
                answer.text
                    == #"{"items":[{"stream":\#(stream),"day":"2026-03-01","hours":24,"expected":15,"received":4,"late":0,"estimated":0,"clockSteps":0,"gaps":[{"from":"2026-02-28T23:00:00.000Z","to":"2026-03-01T13:00:00.000Z","cause":"not-running"}],"proof":"open","name":"mb1/none"}],"next":null}"#
            )
            let all = try await door.get("/v1/completeness?from=2026-03-01T00:00:00Z&to=2026-03-02T00:00:00Z&limit=1")
            #expect(all.text.contains("/v1/completeness?cursor="))
        }
    }

    @Test func `anchors tell their state, their block and their milestone`() async throws {
        try await house { _, door in
            let answer = try await door.get("/v1/anchors?order=desc&limit=1")
            let json = try JSONValue(parsing: answer.bytes)
            let root = json["items"]?.asArray?.first?["root"]?.asText ?? ""
            let block = "0x" + sha256(Array("block".utf8)).hex
            #expect(Hash(hex: root) != nil)
            #expect(
                answer.text
                    == #"{"items":[{"seq":1,"state":"anchored","size":5,"root":"\#(root)","block":"\#(block)","milestone":{"index":7204113,"at":"2026-03-01T13:01:10.000Z"},"waitingSince":null}],"next":null}"#
            )
            let one = try await door.get("/v1/anchors/1")
            #expect(one.header("Cache-Control") == "private, max-age=31536000, immutable")
            #expect(one.text.contains("\"note\":\"gw1/b/bk16/1\\n5\\n"))
            #expect(try await door.get("/v1/anchors/2").status == 404)
        }
    }

    @Test func `foreign tools read checkpoint, tiles and entries without a token`() async throws {
        try await house { _, door in
            let checkpoint = try await door.get("/log/checkpoint", token: nil)
            #expect(checkpoint.text.hasPrefix("gw1/b/bk16/1\n5\n"))
            let hashes = try await door.get("/log/tile/0/000.p/5", token: nil)
            #expect(hashes.bytes.count == 160)
            let entries = try await door.get("/log/tile/entries/000.p/5", token: nil)
            #expect(entries.header("Content-Type") == "application/octet-stream")
            // The first entry hashes to the first hash of the tile.
            let length = Int(entries.bytes[0]) << 8 | Int(entries.bytes[1])
            #expect(sha256([0] + entries.bytes[2..<(2 + length)]).bytes == Array(hashes.bytes[..<32]))
            for path in [
                "/log/tile/0/000", "/log/tile/0/000.p/6", "/log/tile/0/0", "/log/tile/9/000.p/1", "/log/tile/0/../0",
                "/log/tile/entries/x000/000",
            ] {
                #expect(try await door.get(path, token: nil).status == 404, "\(path)")
            }
        }
    }

    @Test func `the list of anchors is open, rises, and goes on after a number`() async throws {
        try await house { _, door in
            let list = try await door.get("/log/anchors", token: nil)
            #expect(list.status == 200 && list.header("Content-Type") == "text/plain; charset=utf-8")
            let block = sha256(Array("block".utf8))
            #expect(list.text == "1 5 0x\(block.hex)\n")
            #expect(ListedAnchor.list(list.bytes) == [ListedAnchor(seq: 1, size: 5, blockID: block)])
            let rest = try await door.get("/log/anchors?after=1", token: nil)
            #expect(rest.status == 200 && rest.text.isEmpty)
            for query in ["after=-1", "after=x", "after=", "until=1"] {
                #expect(try await door.get("/log/anchors?\(query)", token: nil).status == 400, "\(query)")
            }
        }
    }

    @Test func `the list of keys is open and proves itself in the tree that was signed`() async throws {
        try await house { _, door in
            let answer = try await door.get("/log/keys", token: nil)
            #expect(answer.status == 200 && answer.header("Content-Type") == "text/plain; charset=utf-8")
            let checkpoint = try #require(
                SignedNote(try await door.get("/log/checkpoint", token: nil).text)?.checkpoint)
            let list = try #require(KeyList(answer.bytes))
            #expect(list.size == checkpoint.size && list.entries.map(\.index) == [0])
            #expect(list.entries.allSatisfy { $0.isIncluded(size: list.size, root: checkpoint.root) })
            #expect(try await KeyList(door.get("/log/keys?size=1", token: nil).bytes)?.size == 1)
            #expect(try await door.get("/log/keys?size=6", token: nil).status == 404)
            for query in ["size=0", "size=x", "size=", "after=1"] {
                #expect(try await door.get("/log/keys?\(query)", token: nil).status == 400, "\(query)")
            }
        }
    }

    @Test func `changes and card and health are there`() async throws {
        try await house { _, door in
            let changes = try await door.get("/v1/changes")
            #expect(
                changes.text.hasPrefix(
                    #"{"items":[{"kind":"model","revision":1,"at":"2026-03-01T13:00:00.000Z","hash":""#))
            #expect(try await door.get("/v1/card").text.hasPrefix("plumbline-card/v1\n"))
            #expect(
                try await door.get("/v1/health", token: nil).text
                    == #"{"state":"ok","now":"2026-03-01T13:02:10.004Z","problems":[]}"#)
        }
    }
}
