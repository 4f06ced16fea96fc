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

    /// Names of the open segments, in order.
    var openSegments: [String] {
        pattern.split(separator: "/").filter { $0.hasPrefix("{") && $0.hasSuffix("}") }.map {
            String($0.dropFirst().dropLast())
        }
    }
}
