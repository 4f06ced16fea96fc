import Disclosure
import Evidence
import HTTPTypes
import Hashing
import Readings

/// Files that prove themselves: made, fetched, checked.
extension RouteTable {
    var evidenceRoutes: [Route] {
        [
            Route(.get, "/v1/points/{id}/readings/{at}/evidence", .grant(.costly)) { call in
                try await readingEvidence(call)
            },
            Route(.post, "/v1/evidence", .grant(.costly)) { call in try await ask(call) },
            Route(.get, "/v1/evidence/{id}") { call in
                let entry = try await facility.evidence(call.segment("id"), grant: call.grant)
                let offered: [MediaType] = entry.file == nil ? [.json] : [.json, .tar]
                let type = try MediaType.negotiate(accept: call.header("accept"), offered: offered)
                guard type == .tar, let file = entry.file else { return try await answer(entry, call) }
                return Answer(type: type.rawValue, body: .file(file), caching: .immutablePrivate)
                    .adding("Content-Disposition", "attachment; filename=\"\(try await fileName(entry))\"").adding(
                        "Vary", "Accept")
            },
            Route(.post, "/v1/verifications", .grant(.costly), bodyBytesMax: Facility.verificationBytesMax + 65_536) {
                call in
                try await verify(call)
            },
        ]
    }

    private func readingEvidence(_ call: Call) async throws -> Answer {
        let atMs = try Query.instant(call.segment("at"), .parameter("at"))
        let type = try MediaType.negotiate(accept: call.header("accept"), offered: [.json, .reading])
        let point = call.segment("id")
        guard type == .reading else {
            let verdict = try await facility.readingVerdict(point: point, atMs: atMs, grant: call.grant)
            return .json(
                JSONWriter.object { json in json.verdict(verdict, isGerman: call.isGerman) }, caching: .revalidate
            ).adding("Content-Language", call.languageCode).adding("Vary", "Accept, Accept-Language")
        }
        let bytes = try await facility.readingFile(point: point, atMs: atMs, grant: call.grant)
        let stamp = UTCTime.text(atMs).filter { $0 != ":" }
        return Answer(type: type.rawValue, body: .bytes(bytes), caching: .immutablePrivate)
            .adding("Content-Disposition", "attachment; filename=\"\(point)-\(stamp).evidence\"")
            .adding("Repr-Digest", Answer.digest(sha256(bytes))).adding("Vary", "Accept")
    }

    private func ask(_ call: Call) async throws -> Answer {
        let json = try body(call)
        guard case .object(let members) = json else { throw pointer("", "an object") }
        for member in members where !["kind", "from", "to", "streams"].contains(member.name) {
            throw pointer("/" + member.name, "only kind, from, to, streams")
        }
        guard json["kind"]?.asText == "period" else { throw pointer("/kind", "\"period\"") }
        guard let fromText = json["from"]?.asText else { throw pointer("/from", "2026-03-01T00:00:00+01:00") }
        guard let toText = json["to"]?.asText else { throw pointer("/to", "2026-04-01T00:00:00+02:00") }
        let from = try Query.instant(fromText, .pointer("/from"))
        let to = try Query.instant(toText, .pointer("/to"))
        guard from < to else { throw Refusal.emptyRange }
        var streams: [UInt32] = []
        if let given = json["streams"] {
            guard let items = given.asArray else { throw pointer("/streams", "numbers of streams") }
            for (index, item) in items.enumerated() {
                guard let number = item.asInt.flatMap({ UInt32(exactly: $0) }) else {
                    throw pointer("/streams/\(index)", "the number of a stream")
                }
                streams.append(number)
            }
        }
        let (entry, isNew) = try await facility.askEvidence(range: from..<to, streams: streams, grant: call.grant)
        var answer = try await answer(entry, call).with(status: isNew ? 202 : 200)
        answer.caching = .never
        answer = answer.adding("Location", "/v1/evidence/\(entry.id)")
        return entry.state == .collecting || entry.state == .waitingForAnchor
            ? answer.adding("Retry-After", "5") : answer
    }

    private func answer(_ entry: EvidenceShelf.Entry, _ call: Call) async throws -> Answer {
        let name = try await fileName(entry)
        return .json(
            JSONWriter.object { json in
                json.text("id", entry.id)
                json.text("state", entry.state.rawValue)
                switch entry.state {
                case .collecting:
                    json.decimal("done", ExactDecimal(mantissa: Int128(entry.doneMille), exponent: -3))
                case .waitingForAnchor:
                    json.instant("expectedAt", entry.expectedAtMs)
                case .ready:
                    json.array("anchors", [entry.file?.firstAnchor ?? 0, entry.file?.lastAnchor ?? 0]) { json, seq in
                        json.integer(seq)
                    }
                    json.integer("sizeBytes", entry.file?.sizeBytes)
                    json.text("sha256", entry.file?.sha256.hex)
                    json.text("check", "plumbline verify \(name) --policy YOUR.card")
                    json.instant("expiresAt", entry.expiresAtMs)
                case .failed:
                    let problem = entry.failure?.problem ?? Problem(.internal)
                    json.object("problem") { json in
                        json.text("type", "/v1/problems/" + problem.code.rawValue)
                        json.text("code", problem.code.rawValue)
                        json.text("title", problem.code.title.text(call.language))
                        json.integer("status", problem.code.status)
                        json.text("detail", problem.detail.text(call.language))
                    }
                }
            })
    }

    /// `bk16-2026-03.evidence` for a whole local month, else the two local dates.
    private func fileName(_ entry: EvidenceShelf.Entry) async throws -> String {
        let building = try await facility.about().building
        let zone = facility.zone
        let first = zone.day(atMs: entry.question.fromMs)
        if let month = LocalMonth(text: String(first.description.prefix(7))),
            zone.range(of: month) == entry.question.fromMs..<entry.question.toMs
        {
            return "\(building)-\(month).evidence"
        }
        return "\(building)-\(first)-to-\(zone.day(atMs: entry.question.toMs - 1)).evidence"
    }

    private func verify(_ call: Call) async throws -> Answer {
        var file = call.body
        var card: String?
        if let boundary = Multipart.boundary(contentType: call.header("content-type") ?? "") {
            guard let parts = Multipart.parts(call.body, boundary: boundary),
                let part = parts.first(where: { $0.name == "file" })
            else {
                throw Problem(
                    .unreadableFile,
                    Words(
                        "The body is not a whole multipart form with a part named file.",
                        "Der Inhalt ist kein vollständiges Formular mit einem Teil namens file."))
            }
            file = Array(part.bytes)
            if let part = parts.first(where: { $0.name == "card" }), !part.bytes.isEmpty {
                guard part.bytes.count <= 65_536, let text = String(validating: part.bytes, as: UTF8.self) else {
                    throw Problem(
                        .unreadableFile,
                        Words(
                            "The card is not a text of at most 64 kB.", "Die Karte ist kein Text von höchstens 64 kB."))
                }
                card = text
            }
        }
        let (verdict, digest) = try await facility.check(file: file, card: card)
        var answer = Answer.json(
            JSONWriter.object { json in
                json.verdict(verdict, isGerman: call.isGerman)
                json.text("sha256", digest.hex)
                json.text("card", card == nil ? "from-file" : "own")
            }, caching: .never)
        answer = answer.adding("Content-Language", call.languageCode)
        return answer
    }

    func body(_ call: Call) throws -> JSONValue {
        let type = (call.header("content-type") ?? "").lowercased().prefix { $0 != ";" }.filter { $0 != " " }
        guard type == "application/json" else {
            throw Problem(
                .unsupportedType, Words("This call reads application/json.", "Dieser Aufruf liest application/json."))
        }
        do {
            return try JSONValue(parsing: call.body)
        } catch {
            throw pointer("", "JSON (RFC 8259)")
        }
    }

    func pointer(_ pointer: String, _ expected: String) -> Problem {
        .fault(
            .malformedRequest, pointer: pointer,
            Words(
                "The body is not what this call takes at \(pointer.isEmpty ? "its root" : pointer).",
                "Der Inhalt ist bei \(pointer.isEmpty ? "der Wurzel" : pointer) nicht, was dieser Aufruf erwartet."),
            expected: expected)
    }
}
