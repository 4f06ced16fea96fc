import Disclosure
package import HTTPTypes

/// One line of the API: where, who, how much, and the function that answers.
package struct Route: Sendable {
    package enum Access: Hashable, Sendable {
        /// Without a token.
        case open
        /// With a token or the page's cookie; counted as this cost.
        case grant(RateLimits.Cost)
    }

    package let method: HTTPRequest.Method
    /// `/v1/points/{id}`; `**` at the end takes any number of segments.
    package let pattern: String
    package let access: Access
    /// The query parameters that this call knows; every other is refused.
    package let parameters: [String]
    package let bodyBytesMax: Int
    package let answer: @Sendable (Call) async throws -> Answer

    package static let bodyBytesStandard = 1 << 20

    package init(
        _ method: HTTPRequest.Method, _ pattern: String, _ access: Access = .grant(.read), parameters: [String] = [],
        bodyBytesMax: Int = Route.bodyBytesStandard, answer: @escaping @Sendable (Call) async throws -> Answer
    ) {
        self.method = method
        self.pattern = pattern
        self.access = access
        self.parameters = parameters
        self.bodyBytesMax = bodyBytesMax
        self.answer = answer
    }

    /// What a grant that is bound to streams may call: there the answer shows its streams only. Everything else is about the
    /// whole house.
    private static let boundPatterns: Set<String> = [
        "/v1", "/v1/card", "/v1/entities", "/v1/entities/{id}", "/v1/points", "/v1/points/{id}",
        "/v1/points/{id}/series", "/v1/points/{id}/readings",
        "/v1/points/{id}/readings/{at}/evidence", "/v1/completeness", "/v1/anchors", "/v1/anchors/{seq}",
        "/v1/evidence",
        "/v1/evidence/{id}", "/v1/verifications", "/v1/commands", "/v1/commands/{id}", "/v1/events",
    ]

    func isOpen(to grant: Grant) -> Bool {
        grant.streams == nil || Self.boundPatterns.contains(pattern)
            || (grant.role == .eraser && method == .post && pattern == "/v1/erasures")
    }

    /// Names of the open segments, in order.
    var openSegments: [String] {
        pattern.split(separator: "/").filter { $0.hasPrefix("{") && $0.hasSuffix("}") }.map {
            String($0.dropFirst().dropLast())
        }
    }
}
