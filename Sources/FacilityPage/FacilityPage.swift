/// The page people see, as bytes: documents filled from one catalogue per language, and the files they load.
///
/// Pure: the files are part of the program, nothing is read, no clock is asked. Who calls decides about sessions:
/// every document but `/sign-in` may be answered with 303 to `/sign-in?next=PATH` when there is no session; where it
/// is not, the page goes there itself on the first 401 of `/v1`. The page asks `/v1` only, and two calls beside it:
/// `POST /session` with `{"token": "…"}` (204 and the cookie, else a 401 problem), and `DELETE /session` (204).
package enum FacilityPage {
    /// The views this release offers, in the order of the navigation.
    package static var views: [View] { View.allCases }

    /// The document at `path` (no query), or nil when no view lives there.
    ///
    /// Answer it to GET and HEAD, honour `If-None-Match` against `etag`, and add `securityHeaders`.
    package static func document(path: String, language: Language, facts: PageFacts) -> PageResponse? {
        guard let view = View(path: path) else { return nil }
        let body = Array(Skeleton.filled(view: view, language: language, facts: facts).utf8)
        return PageResponse(body: body, etag: "\"" + contentHash(body) + "\"", language: language)
    }

    /// The file a document loads, by its path without query (`/page/app.js`), or nil.
    ///
    /// With `?v=` equal to `PageAsset.version` the answer may be kept for ever (`immutable`), otherwise it is `no-cache`.
    package static func asset(path: String) -> PageAsset? { Assets.all[path] }

    /// What every document and file is sent with, `page.md` section 8.
    package static let securityHeaders: [(name: String, value: String)] = [
        (
            "Content-Security-Policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
                + "manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
                + "require-trusted-types-for 'script'; trusted-types 'none'"
        ),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "no-referrer"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Permissions-Policy", "camera=(), microphone=(), geolocation=()"),
    ]
}

/// What the gateway knows about itself before anyone has signed in; all of it is escaped before it reaches HTML.
package struct PageFacts: Sendable {
    /// The building's name for people, as in the building file.
    package let buildingLabel: String
    /// IANA name, as `/v1` gives it.
    package let timeZone: String
    /// The reader's choice of light or dark; `Theme.chosen(cookieHeader:)` reads it.
    package let theme: Theme

    package init(buildingLabel: String, timeZone: String, theme: Theme = .system) {
        self.buildingLabel = buildingLabel
        self.timeZone = timeZone
        self.theme = theme
    }
}

/// One HTML document, status 200.
package struct PageResponse: Sendable {
    /// UTF-8.
    package let body: [UInt8]
    /// Strong, in quotes.
    package let etag: String
    package let language: Language

    package var contentType: String { "text/html; charset=utf-8" }

    /// All headers but the security ones: type, language, caching.
    package var headers: [(name: String, value: String)] {
        [
            ("Content-Type", contentType), ("Content-Language", language.rawValue),
            ("Vary", "Accept-Language, Cookie"), ("Cache-Control", "private, no-cache"), ("ETag", etag),
        ]
    }
}

/// One file a document loads.
package struct PageAsset: Sendable {
    package let bytes: [UInt8]
    package let contentType: String
    /// The hash over all files, the value of `?v=` in the documents: one changed file renews every address.
    package let version: String
    /// Strong, in quotes, over these bytes.
    package let etag: String

    /// The caching header for a request with this `v` in its query.
    package func cacheControl(version asked: String?) -> String {
        asked == version ? "public, max-age=31536000, immutable" : "no-cache"
    }
}
