import Disclosure
import FacilityPage
import HTTPTypes
import LogEntries
import Readings

/// What needs no token: the log for foreign tools, signing in, and the page's own files.
extension RouteTable {
    var openRoutes: [Route] {
        [
            Route(.get, "/log/checkpoint", .open) { _ in
                Answer(
                    type: "text/plain; charset=utf-8", body: .bytes(Array(try await facility.checkpoint().utf8)),
                    caching: .publicRevalidate)
            },
            Route(.get, "/log/tile/**", .open) { call in
                let (bytes, isFull) = try await facility.tile(path: String(call.fullPath.dropFirst("/log/".count)))
                // A partial tile's bytes never change either, but nobody asks for them again once the tile is full.
                return Answer(
                    type: MediaType.binary.rawValue, body: .bytes(bytes),
                    caching: isFull ? .immutablePublic : .publicRevalidate)
            },
            Route(.get, "/log/receipt/{leaf}", .open, parameters: ["size"]) { call in
                let size = try call.query.integer("size", in: 1...Int.max).map { UInt64($0) }
                // Of one tree it never changes; the last tree does.
                return Answer(
                    type: InclusionReceipt.mediaType,
                    body: .bytes(try await facility.receipt(leaf: call.segment("leaf"), size: size)),
                    caching: size == nil ? .publicRevalidate : .immutablePublic)
            },
            Route(.get, "/log/anchors", .open, parameters: ["after"]) { call in
                let after = try call.query.integer("after", in: 0...Int.max, default: 0)
                return Answer(
                    type: "text/plain; charset=utf-8",
                    body: .bytes(Array(try await facility.anchorList(after: UInt64(after)).utf8)),
                    caching: .publicRevalidate)
            },
            Route(.get, "/log/keys", .open, parameters: ["size"]) { call in
                let size = try call.query.integer("size", in: 1...Int.max)
                return Answer(
                    type: "text/plain; charset=utf-8",
                    body: .bytes(Array(try await facility.keyList(size: size.map { UInt64($0) }).utf8)),
                    caching: .publicRevalidate)
            },
            Route(.post, "/session", .open, bodyBytesMax: 4_096) { call in try await signIn(call) },
            Route(.delete, "/session", .open) { call in
                guard Session.isSameOrigin(call.headers) else { throw foreign }
                return Answer.empty(status: 204).adding("Set-Cookie", session.endingCookie)
            },
        ]
    }

    var pageRoutes: [Route] {
        let documents = ["/", "/building", "/building/{entity}", "/points/{id}", "/record", "/check", "/sign-in"]
        return documents.map { pattern in
            Route(.get, pattern, .open, parameters: ["*"]) { call in try await document(call) }
        }
            + [Route(.get, "/page/**", .open, parameters: ["v"]) { call in try asset(call) }]
    }

    private var foreign: Problem {
        Problem(
            .outsideGrant,
            Words(
                "Signing in and out works from the page of this gateway only (Sec-Fetch-Site: same-origin).",
                "An- und Abmelden geht nur von der Seite dieses Gateways (Sec-Fetch-Site: same-origin)."))
    }

    private func signIn(_ call: Call) async throws -> Answer {
        guard Session.isSameOrigin(call.headers) else { throw foreign }
        guard let token = try body(call)["token"]?.asText else {
            throw Problem.fault(
                .malformedRequest, pointer: "/token", Words("token is missing.", "token fehlt."),
                expected: "the token as text")
        }
        guard Session.isLegalToken(token) else {
            throw Problem(.notSignedIn, Words("This token is not known.", "Dieses Token ist nicht bekannt."))
        }
        switch try await facility.signIn(token: token) {
        case .granted(let grant):
            let seconds = grant.untilMs.map { ($0 - facility.nowMs) / 1000 }
            return Answer.empty(status: 204).adding("Set-Cookie", session.cookie(token: token, seconds: seconds))
        case .expired: throw Problem(.grantExpired)
        case .unknown:
            try limits.takeRefusal(nowMs: facility.nowMs)
            throw Problem(.notSignedIn, Words("This token is not known.", "Dieses Token ist nicht bekannt."))
        }
    }

    private func document(_ call: Call) async throws -> Answer {
        let about = try await facility.about()
        let facts = PageFacts(
            buildingLabel: about.label, timeZone: about.timeZone,
            theme: Theme.chosen(cookieHeader: call.header("cookie")))
        guard let view = View(path: call.fullPath),
            let page = FacilityPage.document(path: call.fullPath, language: call.language, facts: facts)
        else { throw Problem(.noSuchResource) }
        if view.needsSession, try await !isSignedIn(call) {
            let next = percentEncoded(call.fullPath + (call.query.items.isEmpty ? "" : "?" + Self.text(call.query)))
            return Answer.empty(status: 303).adding("Location", "/sign-in?next=" + next)
        }
        var answer = Answer(type: page.contentType, body: .bytes(page.body), etag: page.etag)
        for header in page.headers where !["Content-Type", "Cache-Control", "ETag"].contains(header.name) {
            answer = answer.adding(header.name, header.value)
        }
        return answer
    }

    private func isSignedIn(_ call: Call) async throws -> Bool {
        guard case .cookie(let token) = session.presented(call.headers) else { return false }
        if case .granted = try await facility.signIn(token: token) { return true }
        return false
    }

    private static func text(_ query: Query) -> String {
        query.items.map { percentEncoded($0.name) + "=" + percentEncoded($0.value) }.joined(separator: "&")
    }

    private func asset(_ call: Call) throws -> Answer {
        guard let asset = FacilityPage.asset(path: call.fullPath) else { throw Problem(.noSuchResource) }
        let version = try call.query.one("v")
        return Answer(
            type: asset.contentType, body: .bytes(asset.bytes),
            caching: version == asset.version ? .immutablePublic : .publicRevalidate, etag: asset.etag)
    }
}
