import Disclosure
import Readings

/// Which page of a list is asked for. A cursor carries the whole question, so that `next` alone is enough.
struct Page: Sendable {
    static let limitStandard = 100
    static let limitMax = 1_000
    static let cursorLifeMs: Int64 = 3_600_000

    /// The question of the first page.
    let query: Query
    let limit: Int
    /// The place in the list after which this page begins; `nil` for the first.
    let after: String?
    /// Instant of the first page, to the minute: rows that came later are not part of the list.
    let pinnedMs: Int64
    private let text: String
    private let basePath: String

    init(_ call: Call, nowMs: Int64) throws {
        basePath = "/" + call.fullPath.split(separator: "/").map { percentEncoded(String($0)) }.joined(separator: "/")
        if let cursor = try call.query.one("cursor") {
            guard call.query.items.count == 1 else {
                throw Problem.fault(
                    .malformedRequest, parameter: "cursor",
                    Words(
                        "cursor stands alone: it carries the whole question.",
                        "cursor steht allein: Er trägt die ganze Frage."),
                    expected: "no other parameter")
            }
            guard let bytes = Base64URL.decode(cursor), let json = try? JSONValue(parsing: bytes),
                json["p"]?.asText == basePath, let text = json["q"]?.asText, let after = json["a"]?.asText,
                let minutes = json["m"]?.asInt,
                minutes >= 0, minutes < 1 << 40
            else { throw Refusal.cursorUnreadable }
            pinnedMs = Int64(minutes) * 60_000 + 59_999
            // A clock that went back does not make a cursor live longer.
            guard (-Self.cursorLifeMs...Self.cursorLifeMs).contains(nowMs - pinnedMs) else {
                throw Refusal.cursorExpired
            }
            self.text = text
            self.after = after
            query = try Query(text)
        } else {
            text = call.query.items.filter { $0.name != "format" || $0.value == "csv" }
                .map { percentEncoded($0.name) + "=" + percentEncoded($0.value) }.joined(separator: "&")
            after = nil
            query = call.query
            pinnedMs = UTCTime.floorDivide(nowMs, 60_000) * 60_000 + 59_999
        }
        limit = try query.integer("limit", in: 1...Self.limitMax, default: Self.limitStandard)
    }

    /// The path of the page after `position`.
    func next(after position: String) -> String {
        let json = JSONWriter.object { json in
            json.text("p", basePath)
            json.text("q", text)
            json.text("a", position)
            json.integer("m", Int(pinnedMs / 60_000))
        }
        return basePath + "?cursor=" + Base64URL.encode(json)
    }

    /// `{"items": […], "next": …}` with the same as `Link`.
    func answer<Item>(
        _ items: [Item], next: String?, etag: String? = nil, _ write: (inout JSONWriter, Item) -> Void
    ) -> Answer {
        var json = JSONWriter(reserve: 256 * items.count + 64)
        json.object { json in
            json.array("items", items, write)
            json.text("next", next)
        }
        let answer = Answer.json(json.bytes, etag: etag)
        return next.map { answer.adding("Link", "<\($0)>; rel=\"next\"") } ?? answer
    }
}

/// Base64 with the URL alphabet and without padding (RFC 4648 section 5), for cursors only.
enum Base64URL {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    static func encode(_ bytes: [UInt8]) -> String {
        var out: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let value = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
            for place in 0...group.count { out.append(alphabet[value >> (18 - 6 * place) & 63]) }
        }
        return String(decoding: out, as: UTF8.self)
    }

    static func decode(_ text: String) -> [UInt8]? {
        var out: [UInt8] = []
        var value = 0
        var bits = 0
        guard text.utf8.count <= 8_192 else { return nil }
        for byte in text.utf8 {
            guard let digit = alphabet.firstIndex(of: byte) else { return nil }
            value = (value << 6 | digit) & 0xFFFF
            bits += 6
            if bits >= 8 {
                bits -= 8
                out.append(UInt8(value >> bits & 255))
            }
        }
        return out
    }
}

/// Reads the range of time a call asks for: `from` and `to`, or a local `day` or `month`.
enum AskedRange {
    static let parameters = ["from", "to", "day", "month"]

    /// `standard`: what holds when nothing is given; `nil` when a range must be given.
    static func read(_ query: Query, zone: ZoneRules, standard: Range<Int64>? = nil) throws -> Range<Int64> {
        let day = try query.one("day")
        let month = try query.one("month")
        let from = try query.instant("from")
        let to = try query.instant("to")
        guard [day != nil, month != nil, from != nil || to != nil].count(where: { $0 }) <= 1 else {
            throw Problem.fault(
                .malformedRequest, parameter: day != nil ? "day" : "month",
                Words(
                    "Give from and to, or day, or month, not two of them.",
                    "Geben Sie from und to an, oder day, oder month, nicht zwei davon."),
                expected: "one way to name the range")
        }
        if let day {
            guard let day = LocalDay(text: day) else { throw malformed("day", "2026-03-29") }
            return zone.range(of: day)
        }
        if let month {
            guard let month = LocalMonth(text: month) else { throw malformed("month", "2026-03") }
            return zone.range(of: month)
        }
        guard let from = from ?? standard?.lowerBound else { throw missing("from") }
        guard let to = to ?? standard?.upperBound else { throw missing("to") }
        guard from < to else {
            var problem = Problem(.emptyRange)
            problem.faults = [
                Problem.Fault(
                    place: .parameter("to"), detail: Words("to is not after from.", "to liegt nicht nach from."),
                    expected: "an instant after " + UTCTime.text(from))
            ]
            throw problem
        }
        return from..<to
    }

    private static func malformed(_ name: String, _ example: String) -> Problem {
        .fault(
            .malformedRequest, parameter: name,
            Words("\(name) is not a \(name) of the calendar.", "\(name) ist kein Datum des Kalenders."),
            expected: example)
    }

    private static func missing(_ name: String) -> Problem {
        .fault(
            .malformedRequest, parameter: name,
            Words(
                "\(name) is missing; give from and to, or day, or month.",
                "\(name) fehlt; geben Sie from und to an, oder day, oder month."),
            expected: "2026-03-01T00:00:00Z")
    }
}
