package import HTTPTypes

/// Where a request's token comes from: the header of a program, or the cookie of the page.
package struct Session: Hashable, Sendable {
    /// Whether the cookie may carry the prefix `__Host-`, which browsers take over TLS only. On plain loopback HTTP the cookie is
    /// called `session` and lacks `Secure`; everything else is the same.
    package let isTLS: Bool

    package init(isTLS: Bool) { self.isTLS = isTLS }

    package static let tokenBytesMax = 256
    package var cookieName: String { isTLS ? "__Host-session" : "session" }

    package enum Presented: Hashable, Sendable {
        case bearer(String)
        case cookie(String)
        case nothing
    }

    package func presented(_ headers: HTTPFields) -> Presented {
        if let header = headers.value("authorization") {
            let parts = header.split(separator: " ")
            guard parts.count == 2, parts[0].lowercased() == "bearer", parts[1].utf8.count <= Self.tokenBytesMax else {
                return .nothing
            }
            return .bearer(String(parts[1]))
        }
        for pair in (headers.value("cookie") ?? "").split(separator: ";").prefix(50) {
            let sides = pair.drop { $0 == " " }.split(separator: "=", maxSplits: 1)
            if sides.count == 2, sides[0] == cookieName, sides[1].utf8.count <= Self.tokenBytesMax {
                return .cookie(String(sides[1]))
            }
        }
        return .nothing
    }

    /// Writes that rest on a cookie, and the sign-in itself, come from our own page only (W3C Fetch Metadata).
    package static func isSameOrigin(_ headers: HTTPFields) -> Bool { headers.value("sec-fetch-site") == "same-origin" }

    /// `Set-Cookie` that signs in; gone when the browser closes unless the grant's end says how long.
    package func cookie(token: String, seconds: Int64?) -> String {
        cookieName + "=" + token + "; Path=/; HttpOnly; SameSite=Strict" + (isTLS ? "; Secure" : "")
            + (seconds.map { "; Max-Age=\(max(0, $0))" } ?? "")
    }

    /// `Set-Cookie` that signs out.
    package var endingCookie: String {
        cookieName + "=; Path=/; HttpOnly; SameSite=Strict" + (isTLS ? "; Secure" : "") + "; Max-Age=0"
    }

    /// A token that can stand in a cookie: letters, digits, `-`, `_`, `.`, `~`.
    package static func isLegalToken(_ token: String) -> Bool {
        (16...tokenBytesMax).contains(token.utf8.count)
            && token.utf8.allSatisfy {
                ($0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7A) || ($0 >= 0x30 && $0 <= 0x39) || "-_.~".utf8.contains($0)
            }
    }
}
