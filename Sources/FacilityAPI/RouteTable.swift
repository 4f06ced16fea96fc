import Commanding
import Disclosure
import FacilityPage
import HTTPTypes
import Readings
import TwinModel

/// Every path of the gateway. A route decodes, calls one function of the domain, and encodes; it holds no rule.
struct RouteTable: Sendable {
    let facility: Facility
    let limits: RateLimits
    let session: Session
    let settings: ServerSettings
    /// `nil` where nothing can be commanded.
    let commands: CommandDesk?

    var routes: [Route] {
        aboutRoutes + twinRoutes + readingRoutes + recordRoutes + evidenceRoutes + linkRoutes
            + commandRoutes + erasureRoutes + [eventRoute]
            + openRoutes
            + pageRoutes
    }

    private var aboutRoutes: [Route] {
        [
            Route(.get, "/v1") { call in
                let about = try await facility.about()
                return .json(
                    JSONWriter.object { json in
                        json.text("building", about.building)
                        json.text("label", about.label)
                        json.text("timeZone", about.timeZone)
                        json.instant("now", about.nowMs)
                        json.text("version", about.version)
                        json.text("origin", about.origin)
                        json.text("network", about.network)
                        json.flag("selfNetwork", about.isSelfNetwork)
                        json.integer("modelRevision", about.modelRevision)
                        json.object("grant") { json in
                            json.text("role", call.grant.role.rawValue)
                            json.instant("until", call.grant.untilMs)
                            if let streams = call.grant.streams?.sorted() {
                                json.array("streams", streams) { json, stream in json.integer(Int(stream.rawValue)) }
                            } else {
                                json.null("streams")
                            }
                        }
                        json.array("leaving", [String]()) { json, path in json.text(path) }
                        json.instant("recordedSince", about.recordedSinceMs)
                        json.instant("sealedTo", about.sealedToMs)
                        json.instant("anchoredTo", about.anchoredToMs)
                    })
            },
            Route(.get, "/v1/card") { _ in
                Answer(type: "text/plain; charset=utf-8", body: .bytes(Array(facility.facts.card.utf8)))
            },
            Route(.get, "/v1/health", .open) { _ in
                let health = await facility.healthNow()
                return Answer.json(
                    JSONWriter.object { json in
                        json.text("state", health.state.rawValue)
                        json.instant("now", facility.nowMs)
                        json.array("problems", health.problems) { json, problem in json.text(problem) }
                    }
                ).with(status: health.state == .starting ? 503 : 200)
            },
            Route(.get, "/v1/problems/{code}", .open) { call in
                guard let code = ProblemCode(rawValue: call.segment("code")) else {
                    throw Refusal.noSuchResource(kind: "problems", id: call.segment("code"))
                }
                let type = try MediaType.negotiate(accept: call.header("accept"), offered: [.html, .json])
                let answer =
                    type == .json
                    ? Answer.json(ProblemPage.json(code))
                    : Answer(
                        type: "text/html; charset=utf-8", body: .bytes(ProblemPage.html(code, language: call.language)))
                return answer.adding("Content-Language", call.language.rawValue).adding(
                    "Vary", "Accept, Accept-Language")
            },
        ]
    }

    private var twinRoutes: [Route] {
        let filters = [
            "entity", "type", "quality", "stream", "nature", "privacy", "tenant", "unit", "device", "limit", "cursor",
        ]
        return [
            Route(.get, "/v1/entities", parameters: ["type", "limit", "cursor"]) { call in
                let page = try Page(call, nowMs: facility.nowMs)
                let all = await facility.entities(types: page.query.all("type"), grant: call.grant)
                let (items, next) = Self.cut(all, page, id: \.entity.id)
                return page.answer(items, next: next) { json, view in json.entity(view) }
            },
            Route(.get, "/v1/entities/{id}") { call in
                let view = try await facility.entity(call.segment("id"), grant: call.grant)
                var json = JSONWriter()
                json.entity(view)
                return .json(json.bytes, etag: "\"r\(try await facility.modelRevision())\"")
            },
            Route(.get, "/v1/points", parameters: filters) { call in
                let page = try Page(call, nowMs: facility.nowMs)
                let all = try await facility.points(try Self.filter(page.query), grant: call.grant)
                let (items, next) = Self.cut(all, page, id: \.point.id)
                try await facility.noteShown(items, grant: call.grant)
                return page.answer(items, next: next) { json, view in json.pointRow(view) }
            },
            Route(.get, "/v1/points/{id}") { call in
                let current = try await facility.point(call.segment("id"), grant: call.grant)
                var json = JSONWriter()
                json.point(current)
                // The revision, and a number that changes whenever anything in the answer does.
                let digits = Conditional.etag(json.bytes).dropFirst().prefix(12)
                let number = UInt64(digits, radix: 16) ?? 0
                return .json(json.bytes, etag: "\"r\(current.revision)-\(number)\"")
            },
        ]
    }

    private static func filter(_ query: Query) throws -> PointFilter {
        var filter = PointFilter()
        filter.entities = query.all("entity")
        filter.types = query.all("type")
        filter.qualities = try query.words("quality", Quality.allCases.map { ($0.name, $0) })
        filter.natures = try query.words("nature", Nature.allCases.map { ($0.rawValue, $0) })
        filter.privacies = try query.words("privacy", PrivacyClass.allCases.map { ($0.rawValue, $0) })
        filter.streams = try streams(query)
        filter.tenants = query.all("tenant")
        filter.units = query.all("unit")
        filter.devices = query.all("device")
        return filter
    }

    static func streams(_ query: Query) throws -> [StreamNumber] {
        try query.all("stream").map { text in
            guard let number = UInt32(text) else {
                throw Problem.fault(
                    .malformedRequest, parameter: "stream",
                    Words("\(text) is not the number of a stream.", "\(text) ist keine Stromnummer."),
                    expected: "0…4294967295")
            }
            return StreamNumber(number)
        }
    }

    /// The page's part of a list that is sorted by id, and the path of the next.
    static func cut<Item>(_ all: [Item], _ page: Page, id: (Item) -> String) -> (items: [Item], next: String?) {
        let rest = page.after.map { after in all.filter { id($0) > after } } ?? all
        let items = Array(rest.prefix(page.limit))
        guard rest.count > items.count, let last = items.last else { return (items, nil) }
        return (items, page.next(after: id(last)))
    }
}
