import FacilityAPI
import FacilityPage
import HTTPTypes
import Testing

struct AskingTests {
    private func problem(_ body: () throws -> Void) -> Problem? {
        do {
            try body()
            return nil
        } catch {
            return error as? Problem
        }
    }

    @Test func `a misspelt parameter is refused with the nearest known one`() throws {
        let query = try Query("entitiy=ahu1")
        let found = problem { try query.allow(["entity", "type", "quality", "limit"]) }
        #expect(found?.code == .unknownParameter)
        #expect(found?.detail.en == "entitiy is not a parameter here. Did you mean entity?")
        #expect(found?.faults.first?.place == .parameter("entitiy"))
    }

    @Test func `a plus in an offset survives unescaped and escaped`() throws {
        for text in ["from=2026-03-01T00:00:00+01:00", "from=2026-03-01T00%3A00%3A00%2B01:00"] {
            #expect(try Query(text).instant("from") == 1_772_319_600_000)
        }
    }

    @Test(arguments: [
        ("2026-03-01T00:00:00", ProblemCode.timeWithoutZone), ("yesterday", .malformedRequest), ("", .malformedRequest),
    ])
    func `a time without zone has its own problem`(text: String, code: ProblemCode) throws {
        let query = try Query("from=" + text)
        #expect(problem { _ = try query.instant("from") }?.code == code)
    }

    @Test(arguments: ["a=%", "a=%zz", "a=%c3%28", "a=%00", "a=%+1"])
    func `bytes that are no text are refused`(query: String) {
        #expect(problem { _ = try Query(query) }?.code == .malformedRequest)
    }

    @Test func `numbers and words outside their range say what is taken`() throws {
        let query = try Query("limit=0&quality=goood&order=desc&order=asc&big=99999999999999999999")
        #expect(
            problem { _ = try query.integer("limit", in: 1...1000, default: 100) }?.faults.first?.expected == "1…1000")
        #expect(problem { _ = try query.integer("big", in: 1...1000, default: 100) }?.code == .malformedRequest)
        #expect(
            problem { _ = try query.words("quality", [("good", 0), ("stale", 1)]) }?.detail.en
                == "quality does not take goood. Did you mean good?")
        #expect(problem { _ = try query.one("order") }?.code == .malformedRequest)
        #expect(try query.integer("absent", in: 1...1000, default: 100) == 100)
    }

    @Test func `the form of an answer follows Accept, and an unknown one is refused`() throws {
        let offered: [MediaType] = [.json, .csv]
        #expect(try MediaType.negotiate(accept: nil, offered: offered) == .json)
        #expect(try MediaType.negotiate(accept: "*/*", offered: offered) == .json)
        #expect(try MediaType.negotiate(accept: "text/csv", offered: offered) == .csv)
        #expect(
            try MediaType.negotiate(accept: "text/html, text/*;q=0.5, application/json;q=0.2", offered: offered) == .csv
        )
        #expect(try MediaType.negotiate(accept: "application/json;q=0, */*;q=0.1", offered: offered) == .csv)
        #expect(problem { _ = try MediaType.negotiate(accept: "image/png", offered: offered) }?.code == .notAcceptable)
    }

    @Test func `conditions and ranges are read as RFC 9110 says`() {
        #expect(Conditional.matches("\"a\", W/\"b\"", etag: "\"b\""))
        #expect(Conditional.matches("*", etag: "\"b\""))
        #expect(!Conditional.matches(nil, etag: "\"b\""))
        let cases: [(String?, Conditional.ByteRange)] = [
            (nil, .whole), ("bytes=0-9", .part(0..<10)), ("bytes=90-", .part(90..<100)), ("bytes=-5", .part(95..<100)),
            ("bytes=99-200", .part(99..<100)), ("bytes=100-", .outside), ("bytes=5-2", .whole),
            ("bytes=0-1,3-4", .whole),
            ("items=0-1", .whole), ("bytes=-0", .outside), ("bytes=0-9223372036854775807", .part(0..<100)),
            ("bytes=x-", .whole),
        ]
        for (header, expected) in cases {
            #expect(
                Conditional.range(header, ifRange: nil, etag: "\"e\"", sizeBytes: 100) == expected, "\(header ?? "")")
        }
        #expect(Conditional.range("bytes=0-9", ifRange: "\"old\"", etag: "\"e\"", sizeBytes: 100) == .whole)
    }

    @Test func `a multipart body gives its parts untouched, a spoiled one nothing`() {
        let file: [UInt8] = [0, 13, 10, 45, 45, 88, 255, 13, 10]
        let body =
            Array(
                "--XX\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\nContent-Type: x/y\r\n\r\n"
                    .utf8) + file
            + Array("\r\n--XX\r\nContent-Disposition: form-data; name=\"card\"\r\n\r\ncard\r\n--XX--\r\n".utf8)
        let parts = Multipart.parts(body, boundary: "XX")
        #expect(parts?.map(\.name) == ["file", "card"])
        #expect(parts?.first.map { Array($0.bytes) } == file)
        #expect(Multipart.boundary(contentType: "multipart/form-data; boundary=\"XX\"") == "XX")
        #expect(Multipart.boundary(contentType: "application/json") == nil)
        for length in 0..<(body.count - 6) { #expect(Multipart.parts(Array(body[..<length]), boundary: "XX") == nil) }
    }

    @Test func `JSON from outside is read strictly`() throws {
        let value = try JSONValue(
            parsing: Array(#" {"kind":"period","streams":[3,-1.5e2],"t":"\u00e9\ud83d\ude00","n":null} "#.utf8))
        #expect(value["kind"]?.asText == "period")
        #expect(value["streams"]?.asArray?.first?.asInt == 3)
        #expect(value["t"]?.asText == "é😀")
        for text in [
            "", "{", "{}}", "[1,]", "01", "1.", "\"\\x\"", "\"\u{1}\"", "nul", "{\"a\":1,\"a\":2}", "\"\\ud83d\"",
            "[1 2]", "{1:2}", "-", "+1",
            String(repeating: "[", count: 100_000),
        ] {
            #expect(throws: (any Error).self) { try JSONValue(parsing: Array(text.utf8)) }
        }
    }

    @Test func `a token's minute is counted by itself and given back when it is over`() throws {
        let limits = RateLimits()
        for _ in 0..<RateLimits.costlyMax { _ = try limits.take(.costly, key: "1", nowMs: 1_000) }
        let refused = problem { _ = try limits.take(.costly, key: "1", nowMs: 2_000) }
        #expect(refused?.code == .tooManyRequests)
        #expect(refused?.headers.first { $0.name == "Retry-After" }?.value == "59")
        #expect(try limits.take(.read, key: "1", nowMs: 2_000).left == 599)
        #expect(try limits.take(.costly, key: "2", nowMs: 2_000).left == 29)
        #expect(try limits.take(.costly, key: "1", nowMs: 61_000).left == 29)
    }

    @Test func `one event stream per token and sixty-four in all`() throws {
        let limits = RateLimits()
        for key in 0..<RateLimits.streamsMax { try limits.openStream(key: String(key)) }
        #expect(problem { try limits.openStream(key: "65") }?.code == .tooManyRequests)
        limits.closeStream(key: "0")
        #expect(problem { try limits.openStream(key: "1") }?.code == .tooManyRequests)
        try limits.openStream(key: "65")
    }

    @Test func `the cookie has its strict name over TLS only`() {
        let plain = Session(isTLS: false)
        let tls = Session(isTLS: true)
        #expect(
            tls.cookie(token: "t", seconds: 60)
                == "__Host-session=t; Path=/; HttpOnly; SameSite=Strict; Secure; Max-Age=60")
        #expect(plain.cookie(token: "t", seconds: nil) == "session=t; Path=/; HttpOnly; SameSite=Strict")
        var headers = HTTPFields()
        headers[.cookie] = "lang=de; session=abc"
        #expect(plain.presented(headers) == .cookie("abc"))
        #expect(tls.presented(headers) == .nothing)
        headers[.authorization] = "Bearer xyz"
        #expect(plain.presented(headers) == .bearer("xyz"))
        headers[.authorization] = "Basic xyz"
        #expect(plain.presented(headers) == .nothing)
    }
}
