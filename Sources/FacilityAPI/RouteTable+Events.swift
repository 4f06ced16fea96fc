import Disclosure
import HTTPTypes
import Readings
import TwinModel

/// `GET /v1/events`: server-sent events (api.md section 5).
extension RouteTable {
    var eventRoute: Route {
        Route(.get, "/v1/events", parameters: ["points", "kinds", "since"]) { call in
            _ = try MediaType.negotiate(accept: call.header("accept"), offered: [.events])
            let resumed = try call.header("last-event-id") ?? call.query.one("since")
            let since = try resumed.map { text in
                guard let id = UInt64(text) else {
                    throw Problem.fault(
                        .malformedRequest, parameter: "since",
                        Words("An event id is a decimal number.", "Eine Ereignisnummer ist eine Dezimalzahl."),
                        expected: "90210")
                }
                return id
            }
            let key = String(call.grant.number)
            try limits.openStream(key: key)
            do {
                let feed = try await facility.events(
                    points: call.query.all("points"), kinds: call.query.all("kinds"), since: since, grant: call.grant,
                    pause: settings.pause)
                let limits = limits
                return Answer(
                    type: "text/event-stream",
                    body: .stream(
                        next: { try await feed.next().map { $0.flatMap { Self.frames($0) } } },
                        ended: { limits.closeStream(key: key) }),
                    caching: .never)
            } catch {
                limits.closeStream(key: key)
                throw error
            }
        }
    }

    static func frames(_ item: FeedItem) -> [UInt8] {
        switch item {
        case .hello(let nowMs, let timeZone, let resumedFrom):
            return EventFrame.retry
                + EventFrame.control(
                    "hello",
                    json: JSONWriter.object { json in
                        json.instant("now", nowMs)
                        json.text("timeZone", timeZone)
                        json.integer("heartbeatSeconds", Int(EventFeed.heartbeatMs / 1000))
                        json.integer("resumedFrom", resumedFrom.map { Int(clamping: $0) })
                    })
        case .event(let id, let kind, let json):
            return EventFrame.event(id: Int64(clamping: id), kind: kind, json: Array(json.utf8))
        case .readings(let id, let views):
            let json = JSONWriter.object { json in
                json.array("readings", views) { json, view in
                    json.object { json in
                        json.text("point", view.point.id)
                        json.instant("at", view.reading.capturedAtMs)
                        json.value("value", view.value)
                        json.text("unit", view.point.unit)
                        json.text("quality", view.reading.quality.name)
                        json.text("proof", view.proof.rawValue)
                    }
                }
            }
            guard let id else { return EventFrame.control("reading", json: json) }
            return EventFrame.event(id: Int64(clamping: id), kind: "reading", json: json)
        case .tick(let nowMs): return EventFrame.control("tick", json: JSONWriter.object { $0.instant("now", nowMs) })
        case .reset(let reason):
            return EventFrame.control("reset", json: JSONWriter.object { $0.text("reason", reason) })
        }
    }
}
