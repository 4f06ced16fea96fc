import Disclosure
import FacilityAPI
import FacilityPage
import Foundation
import Logging
import Testing

/// Goal: what cannot be answered is refused by the closed table of codes, and says what to do.
@Suite(.serialized) struct RefusalsTests {
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

    private static let instance = "urn:uuid:01234567-89ab-4def-8123-456789abcdef"

    @Test func `an unknown parameter is one whole problem, in the reader's language`() async throws {
        try await house { _, door in
            let answer = try await door.get("/v1/points?entitiy=ahu1")
            #expect(answer.status == 400)
            #expect(answer.header("Content-Type") == "application/problem+json")
            #expect(
                answer.text
                    == #"{"type":"/v1/problems/unknown-parameter","code":"unknown-parameter","title":"This parameter is not known","status":400,"detail":"entitiy is not a parameter here. Did you mean entity?","instance":"\#(Self.instance)","errors":[{"parameter":"entitiy","detail":"entitiy is not a parameter here. Did you mean entity?","expected":"entity type quality stream nature privacy tenant unit device limit cursor"}]}"#
            )
            let german = try await door.get("/v1/points?entitiy=ahu1", ("Accept-Language", "de-DE, en;q=0.5"))
            #expect(german.text.contains(#""detail":"entitiy ist hier kein Parameter. Meinten Sie entity?""#))
            #expect(german.header("Content-Language") == "de")
        }
    }

    @Test func `each mistake has its own code`() async throws {
        try await house { _, door in
            let readings = "/v1/points/m1.energy-import/readings"
            let cases: [(String, Int, String)] = [
                (readings + "?from=2026-03-01T13:00:00&to=2026-03-01T14:00:00Z", 400, "time-without-zone"),
                (readings + "?from=2026-03-01T14:00:00Z&to=2026-03-01T14:00:00Z", 400, "empty-range"),
                (readings + "?from=2026-01-01T00:00:00Z&to=2026-03-01T00:00:00Z", 400, "range-too-long"),
                (readings + "?day=2026-02-30", 400, "malformed-request"),
                (readings + "?month=2026-3", 400, "malformed-request"),
                (readings + "?day=2026-03-01&month=2026-03", 400, "malformed-request"),
                (readings + "?cursor=%21", 400, "malformed-request"),
                (readings + "?cursor=e30", 400, "malformed-request"),
                (readings + "?limit=1001", 400, "malformed-request"),
                (readings + "?quality=fine", 400, "malformed-request"),
                ("/v1/points/m1.energy-import/series?day=2026-03-01&seconds=1", 400, "malformed-request"),
                ("/v1/points/m1.energy", 404, "no-such-resource"), ("/v1/points?entity=ahu9", 400, "malformed-request"),
                ("/v1/completeness?stream=99", 400, "malformed-request"), ("/v1/anchors/x", 404, "no-such-resource"),
                ("/v1/snapshots/18446744073709551615", 404, "no-such-resource"),
                ("/v1/evidence/e-0", 404, "no-such-resource"),
                ("/v1/nothing", 404, "no-such-resource"), ("/nothing", 404, "no-such-resource"),
                ("/v1/problems/none", 404, "no-such-resource"),
                ("/page/../../etc/passwd", 404, "no-such-resource"),
                ("/v1/" + String(repeating: "a", count: 9_000), 404, "no-such-resource"),
                ("/v1/points?type=" + String(repeating: "a", count: 9_000), 400, "malformed-request"),
                (readings + "/2026-03-01T13:00:05.119Z/evidence", 404, "no-such-resource"),
                (readings + "/2026-03-01T13:02:05.118Z/evidence", 409, "not-yet-sealed"),
                (readings + "/yesterday/evidence", 400, "malformed-request"),
            ]
            for (path, status, code) in cases {
                let answer = try await door.get(path)
                #expect(answer.status == status, "\(path.prefix(120))")
                #expect(try JSONValue(parsing: answer.bytes)["code"]?.asText == code, "\(path.prefix(120))")
            }
        }
    }

    @Test func `a reading that is not fixed yet says when to ask again`() async throws {
        try await house { _, door in
            let answer = try await door.get("/v1/points/m1.energy-import/readings/2026-03-01T13:01:05.118Z/evidence")
            #expect(answer.status == 409)
            let json = try JSONValue(parsing: answer.bytes)
            #expect(json["code"]?.asText == "not-yet-anchored")
            #expect(json["proof"]?.asText == "sealed")
            #expect(json["expectedAt"]?.asText == "2026-03-01T13:12:00.000Z")
        }
    }

    @Test func `without a token, with a wrong one and with one taken back nothing is told`() async throws {
        try await house { _, door in
            for (token, code) in [
                (nil, "not-signed-in"), ("wrong-token-wrong-token", "not-signed-in"),
                (House.endedToken, "grant-expired"),
            ] {
                let answer = try await door.get("/v1/points", token: token)
                #expect(answer.status == 401)
                #expect(answer.header("WWW-Authenticate") == "Bearer")
                #expect(try JSONValue(parsing: answer.bytes)["code"]?.asText == code)
            }
        }
    }

    @Test func `methods, forms and bodies that do not exist are refused`() async throws {
        try await house { _, door in
            let wrong = try await door.ask("DELETE", "/v1/points")
            #expect(wrong.status == 405)
            #expect(wrong.header("Allow") == "GET, HEAD")
            #expect(try await door.get("/v1/points", ("Accept", "image/png")).status == 406)
            #expect(try await door.get("/v1/points/m1.energy-import/readings", ("Accept", "image/png")).status == 406)
            #expect(try await door.ask("POST", "/v1/evidence", body: Array("{}".utf8)).status == 415)
            let json = [("Content-Type", "application/json")]
            for body in [
                "", "{", "[]", "{}", #"{"kind":"other"}"#, #"{"kind":"period","from":1,"to":2}"#,
                #"{"kind":"period","form":"x"}"#,
            ] {
                #expect(
                    try await door.ask("POST", "/v1/evidence", headers: json, body: Array(body.utf8)).status == 400,
                    "\(body)")
            }
            let large = try await door.ask(
                "POST", "/v1/evidence", headers: json, body: [UInt8](repeating: 0x20, count: (1 << 20) + 1))
            #expect(large.status == 413)
            #expect(large.text.contains("1048576"))
        }
    }

    @Test func `ten megabytes of noise are checked and found to be nothing`() async throws {
        try await house { _, door in
            var state: UInt64 = 42
            let noise = (0..<(10 << 20)).map { _ -> UInt8 in
                state = state &* 6_364_136_223_846_793_005 &+ 1
                return UInt8(truncatingIfNeeded: state >> 56)
            }
            let plain = try await door.ask(
                "POST", "/v1/verifications", headers: [("Content-Type", "application/octet-stream")], body: noise)
            #expect(plain.status == 200)
            #expect(try JSONValue(parsing: plain.bytes)["exit"]?.asInt != 0)
            let form = try await door.ask(
                "POST", "/v1/verifications", headers: [("Content-Type", "multipart/form-data; boundary=xyz")],
                body: noise)
            #expect(form.status == 422)
            #expect(try await door.get("/v1").status == 200)
        }
    }

    @Test func `thirty costly calls a minute, then 429 with Retry-After`() async throws {
        try await house { _, door in
            let path = "/v1/points/m1.energy-import/readings/2026-03-01T13:01:05.118Z/evidence"
            for _ in 0..<RateLimits.costlyMax { #expect(try await door.get(path).status == 409) }
            let refused = try await door.get(path)
            #expect(refused.status == 429)
            #expect(refused.header("Retry-After") == "60")
            #expect(try await door.get("/v1").status == 200)
        }
    }

    @Test func `the page signs in by cookie, and a cookie writes from the page only`() async throws {
        try await house { _, door in
            let body = Array(#"{"token":"\#(House.token)"}"#.utf8)
            let json = ("Content-Type", "application/json")
            #expect(try await door.ask("POST", "/session", token: nil, headers: [json], body: body).status == 403)
            let same = ("Sec-Fetch-Site", "same-origin")
            let signed = try await door.ask("POST", "/session", token: nil, headers: [json, same], body: body)
            #expect(signed.status == 204)
            #expect(
                signed.header("Set-Cookie")
                    == "session=\(House.token); Path=/; HttpOnly; SameSite=Strict; Max-Age=86269")
            let cookie = ("Cookie", "session=" + House.token)
            #expect(try await door.get("/v1", token: nil, cookie).status == 200)
            let question = Array(#"{"kind":"period","from":"2026-03-01T13:00:00Z","to":"2026-03-01T13:01:00Z"}"#.utf8)
            #expect(
                try await door.ask("POST", "/v1/evidence", token: nil, headers: [json, cookie], body: question).status
                    == 403)
            #expect(
                try await door.ask("POST", "/v1/evidence", token: nil, headers: [json, cookie, same], body: question)
                    .status == 202)
            let wrong = Array(#"{"token":"wrong-token-wrong-token"}"#.utf8)
            #expect(
                try await door.ask("POST", "/session", token: nil, headers: [json, same], body: wrong).status == 401)
            #expect(
                try await door.ask("DELETE", "/session", token: nil, headers: [same]).header("Set-Cookie")?.contains(
                    "Max-Age=0") == true)
            let page = try await door.get("/", token: nil, cookie, ("Accept-Language", "de"))
            #expect(page.status == 200)
            #expect(page.header("Content-Language") == "de")
            for header in FacilityPage.securityHeaders { #expect(page.header(header.name) == header.value) }
            #expect(try await door.get("/sign-in", token: nil).status == 200)
            let problem = try await door.get("/v1/problems/empty-range", token: nil, ("Accept", "text/html"))
            #expect(problem.header("Content-Type") == "text/html; charset=utf-8")
        }
    }

    @Test func `an address beyond this machine needs TLS`() async throws {
        let house = try await House.open()
        for host in ["0.0.0.0", "192.168.1.5", "::", "gateway.local", "127.0.0.1.example.org", ""] {
            let settings = ServerSettings(host: host, port: 0, nowMs: { 0 }, random: { 0 })
            #expect(throws: ServerError.addressNeedsTLS(host: host)) {
                try FacilityServer(facility: house.facility, settings: settings, logger: Logger(label: "test"))
            }
        }
        for host in ["127.0.0.1", "127.1.2.3", "::1", "localhost"] {
            #expect(ServerSettings(host: host, port: 0, nowMs: { 0 }, random: { 0 }).isLoopback)
        }
        await house.close()
    }
}
