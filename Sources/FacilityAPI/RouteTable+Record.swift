import Disclosure
import HTTPTypes
import Hashing
import Readings

/// Where the record stands: completeness, anchors, snapshots, changes.
extension RouteTable {
    var recordRoutes: [Route] {
        [
            Route(
                .get, "/v1/completeness", parameters: AskedRange.parameters + ["stream", "limit", "cursor"]
            ) { call in try await completeness(call) },
            Route(.get, "/v1/anchors", parameters: ["order", "state", "limit", "cursor"]) { call in
                let page = try Page(call, nowMs: facility.nowMs)
                let isDescending = try page.query.word("order", [("asc", false), ("desc", true)]) ?? false
                let states = try page.query.words("state", AnchorView.State.allCases.map { ($0.rawValue, $0) })
                let after = try page.after.map { text in
                    guard let seq = UInt64(text), seq < UInt64(Int64.max) else { throw Refusal.cursorUnreadable }
                    return seq
                }
                let (items, hasMore) = try await facility.anchors(
                    isDescending: isDescending, states: states, after: after, limit: page.limit)
                let next = hasMore ? items.last.map { page.next(after: String($0.seq)) } : nil
                return page.answer(items, next: next) { json, view in json.anchor(view) }
            },
            Route(.get, "/v1/anchors/{seq}") { call in try await anchor(call) },
            Route(.get, "/v1/snapshots/{n}") { call in
                guard let number = UInt64(call.segment("n")) else {
                    throw Refusal.noSuchResource(kind: "snapshots", id: call.segment("n"))
                }
                return .json(json(try await facility.snapshot(number, grant: call.grant)), caching: .immutablePrivate)
            },
            Route(.get, "/v1/changes", parameters: AskedRange.parameters + ["limit", "cursor"]) { call in
                let page = try Page(call, nowMs: facility.nowMs)
                let range = try AskedRange.read(page.query, zone: facility.zone, standard: 0..<(facility.nowMs + 1))
                let all = try await facility.changes(range: range)
                let after = page.after.flatMap { UInt64($0) } ?? 0
                let rest = all.filter { $0.revision > after }
                let items = Array(rest.prefix(page.limit))
                let next = rest.count > items.count ? items.last.map { page.next(after: String($0.revision)) } : nil
                return page.answer(items, next: next) { json, view in json.revision(view) }
            },
        ]
    }

    private func completeness(_ call: Call) async throws -> Answer {
        let page = try Page(call, nowMs: facility.nowMs)
        let today = facility.zone.range(of: facility.zone.day(atMs: facility.nowMs))
        let range = try AskedRange.read(page.query, zone: facility.zone, standard: today)
        let keys = try await facility.completenessKeys(
            range: range, streams: try Self.streams(page.query), grant: call.grant)
        var start = 0
        if let after = page.after {
            guard let index = Int(after), index >= 0 else { throw Refusal.cursorUnreadable }
            start = min(index, keys.count)
        }
        let end = min(keys.count, start + page.limit)
        let rows = try await facility.completeness(Array(keys[start..<end]))
        let next = end < keys.count ? page.next(after: String(end)) : nil
        return page.answer(rows, next: next) { json, row in json.completeness(row) }
    }

    private func anchor(_ call: Call) async throws -> Answer {
        guard let seq = UInt64(call.segment("seq")) else {
            throw Refusal.noSuchResource(kind: "anchors", id: call.segment("seq"))
        }
        let view = try await facility.anchor(seq)
        var json = JSONWriter()
        json.object { json in
            json.name("anchor")
            json.anchor(view)
            json.text("note", view.note)
            json.text("payload", Base64.encode(view.payload))
            json.instant("signedAt", view.signedAtMs)
            json.array("attempts", view.attempts) { json, attempt in
                json.object { json in
                    json.text("block", attempt.block)
                    json.instant("minedAt", attempt.minedAtMs)
                    json.instant("submittedAt", attempt.submittedAtMs)
                }
            }
            json.text("milestoneId", view.milestoneID)
        }
        return .json(json.bytes, caching: view.state == .anchored ? .immutablePrivate : .revalidate)
    }

    private func json(_ view: SnapshotView) -> [UInt8] {
        JSONWriter.object { json in
            json.integer("number", Int(clamping: view.number))
            json.instant("at", view.atMs)
            json.integer("leafIndex", Int(clamping: view.leafIndex))
            json.integer("revision", Int(clamping: view.modelRevision))
            json.array("entities", view.entities) { json, row in
                json.object { json in
                    json.text("id", row.entity)
                    json.text("type", row.type)
                    json.array("relations", row.relations) { json, relation in
                        json.object { json in
                            json.text("kind", relation.kind)
                            json.text("target", relation.target)
                        }
                    }
                    json.array("values", row.values) { json, value in
                        json.object { json in
                            json.text("point", value.point)
                            json.integer("number", Int(value.number.rawValue))
                            json.integer("stream", Int(value.stream.rawValue))
                            json.integer("k", Int(clamping: value.k))
                            json.integer("position", Int(clamping: value.position))
                            json.instant("at", value.reading?.capturedAtMs)
                            json.value("value", value.shown)
                            json.text("raw", value.reading?.value.shownText)
                            json.text("quality", value.reading?.quality.name)
                        }
                    }
                }
            }
        }
    }
}
