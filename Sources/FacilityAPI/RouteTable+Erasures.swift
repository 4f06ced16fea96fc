import Disclosure
import HTTPTypes
import LogEntries
import Readings

/// Erasing, and what was erased.
extension RouteTable {
    var erasureRoutes: [Route] {
        [
            Route(.post, "/v1/erasures", .grant(.costly), parameters: ["dryRun"], bodyBytesMax: 4_096) { call in
                let view = try await facility.erase(try erasureQuestion(call), grant: call.grant)
                var json = JSONWriter()
                json.erasure(view)
                return Answer.json(json.bytes, caching: .never).with(status: view.leafIndex == nil ? 200 : 201)
            },
            Route(.get, "/v1/erasures", parameters: ["limit", "cursor"]) { call in
                let page = try Page(call, nowMs: facility.nowMs)
                let before = try page.after.map { text in
                    guard let leaf = UInt64(text), leaf < UInt64(Int64.max) else { throw Refusal.cursorUnreadable }
                    return leaf
                }
                let (items, hasMore) = try await facility.erasures(before: before, limit: page.limit)
                let next = hasMore ? items.last.map { page.next(after: String($0.leafIndex)) } : nil
                return page.answer(items, next: next) { json, erasure in json.declared(erasure) }
            },
        ]
    }

    private func erasureQuestion(_ call: Call) throws -> ErasureQuestion {
        let json = try body(call)
        guard case .object(let members) = json else { throw pointer("", "an object") }
        let known = ["stream", "from", "to", "basis", "confirm", "dryRun"]
        for member in members where !known.contains(member.name) {
            throw pointer("/" + member.name, "only " + known.joined(separator: ", "))
        }
        guard let stream = json["stream"]?.asText else {
            throw pointer("/stream", "a stream's name or number, as text")
        }
        guard let basis = json["basis"]?.asText.flatMap({ LegalBasis(name: $0) }) else {
            throw pointer("/basis", LegalBasis.names)
        }
        func instant(_ name: String) throws -> Int64 {
            guard let text = json[name]?.asText else {
                throw pointer("/" + name, "an instant with its offset (RFC 3339)")
            }
            do { return try UTCTime.parse(text) } catch {
                throw pointer("/" + name, "an instant with its offset (RFC 3339)")
            }
        }
        let range = (from: try instant("from"), to: try instant("to"))
        guard range.from >= 0, range.from < range.to else { throw Refusal.emptyRange }
        var isDryRun = try call.query.word("dryRun", [("true", true), ("false", false)]) ?? false
        switch json["dryRun"] {
        case nil: break
        case .flag(let flag): isDryRun = isDryRun || flag
        default: throw pointer("/dryRun", "true or false")
        }
        return ErasureQuestion(
            stream: stream, range: range.from..<range.to, basis: basis, isDryRun: isDryRun,
            confirmation: json["confirm"]?.asText)
    }
}

extension JSONWriter {
    fileprivate mutating func erasure(_ view: ErasureView) {
        object { json in
            json.text("state", view.leafIndex == nil ? "checked" : "erased")
            json.integer("stream", Int(view.stream.rawValue))
            json.text("name", view.name)
            json.instant("from", view.fromMs)
            json.instant("to", view.toMs)
            json.text("basis", view.basis.name)
            json.integer("items", Int(clamping: view.items))
            json.integer("sizeBytes", Int(clamping: view.sizeBytes))
            json.integer("encryptedItems", Int(clamping: view.encryptedItems))
            json.integer("wholeDays", view.wholeDays)
            json.integer("partDays", view.partDays)
            json.text("confirm", view.leafIndex == nil ? view.confirmation : nil)
            json.integer("leafIndex", view.leafIndex.map { Int(clamping: $0) })
        }
    }

    fileprivate mutating func declared(_ erasure: DeclaredErasure) {
        object { json in
            json.integer("leafIndex", Int(clamping: erasure.leafIndex))
            json.instant("at", erasure.atMs)
            json.integer("stream", Int(erasure.stream.rawValue))
            json.text("name", erasure.name)
            json.instant("from", erasure.fromMs)
            json.instant("to", erasure.toMs)
            json.text("basis", erasure.basis?.name)
            json.text("actor", erasure.actor.bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined())
        }
    }
}
