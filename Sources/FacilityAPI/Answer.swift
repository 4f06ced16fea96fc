package import Disclosure
import FacilityPage
package import HTTPTypes
package import Hashing

/// What a route gives back, before caching and headers are put on.
package struct Answer: Sendable {
    package enum Body: Sendable {
        case bytes([UInt8])
        /// A made file that no longer changes.
        case file(MadeFile)
        /// Pieces in order, each sent at once, until `next` gives none; `ended` is called once, however it ends.
        case stream(next: @Sendable () async throws -> [UInt8]?, ended: @Sendable () -> Void)
    }

    package enum Caching: String, Sendable {
        /// What can change: kept only with a check.
        case revalidate = "private, no-cache"
        case publicRevalidate = "public, no-cache"
        /// What can no longer change (RFC 8246), but only for who may see it.
        case immutablePrivate = "private, max-age=31536000, immutable"
        case immutablePublic = "public, max-age=31536000, immutable"
        case never = "no-store"
    }

    package var status = 200
    package var type: String
    package var body: Body
    package var caching: Caching
    /// Strong, in quotes; made from the bytes when `nil`.
    package var etag: String?
    package var headers: [(name: String, value: String)] = []

    package init(type: String, body: Body, caching: Caching = .revalidate, etag: String? = nil) {
        self.type = type
        self.body = body
        self.caching = caching
        self.etag = etag
    }

    /// A JSON document.
    package static func json(_ bytes: [UInt8], caching: Caching = .revalidate, etag: String? = nil) -> Answer {
        Answer(type: "application/json", body: .bytes(bytes), caching: caching, etag: etag)
    }

    package static func empty(status: Int) -> Answer {
        var answer = Answer(type: "", body: .bytes([]), caching: .never)
        answer.status = status
        return answer
    }

    package func adding(_ name: String, _ value: String) -> Answer {
        var copy = self
        copy.headers.append((name, value))
        return copy
    }

    package func with(status: Int) -> Answer {
        var copy = self
        copy.status = status
        return copy
    }

    /// `sha-256=:…:` over these bytes (RFC 9530).
    package static func digest(_ hash: Hash) -> String { "sha-256=:" + Base64.encode(hash.bytes) + ":" }
}

/// What a route is given: everything decoded and checked that is the same for all.
package struct Call: Sendable {
    package let method: HTTPRequest.Method
    /// Percent-decoded segments of the path that the route leaves open, by name.
    package let path: [String: String]
    package let query: Query
    package let headers: HTTPFields
    package let body: [UInt8]
    /// Nobody's when the route needs no token.
    package let grant: Grant
    package let language: PageLanguage
    /// The whole path as asked, percent-decoded, without query.
    package let fullPath: String

    package func header(_ name: String) -> String? { headers.value(name) }
    package var isGerman: Bool { language == .de }
    package var languageCode: String { language.rawValue }
    package func segment(_ name: String) -> String { path[name] ?? "" }
}

extension HTTPFields {
    /// The values of a field by its lower-case name, joined as RFC 9110 section 5.3 allows.
    func value(_ name: String) -> String? {
        let values = self.filter { $0.name.canonicalName == name }.map(\.value)
        return values.isEmpty ? nil : values.joined(separator: name == "cookie" ? "; " : ", ")
    }

    mutating func set(_ name: String, _ value: String) {
        if let name = HTTPField.Name(name) { self[name] = value }
    }
}
