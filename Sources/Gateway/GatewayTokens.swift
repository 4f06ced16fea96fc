package import Capture
import Disclosure
import Hashing
import LedgerStore
import Readings

/// Who may use the API. A token is shown once, when it is made; the ledger keeps its SHA-256.
package struct GatewayTokens {
    private let desk: TokenDesk
    private let nowMs: UInt64

    package static let roles = Grant.Role.allCases.map(\.rawValue)

    package init(_ configuration: GatewayConfiguration, clock: Clock = .system) throws {
        desk = try TokenDesk(directory: configuration.dataPath)
        nowMs = clock.wallMs()
    }

    /// - Parameters:
    ///   - role: one of `roles`.
    ///   - days: until it expires; `nil` for no end.
    ///   - streams: numbers or names of the only streams it shows; none for the whole house.
    /// - Returns: the token, 256 random bits in 64 hex digits.
    package func add(
        name: String, role: String, days: Int?, streams: [String] = [], random: RandomBytes = SystemSources.random
    ) throws -> String {
        guard (1...63).contains(name.utf8.count),
            name.utf8.allSatisfy({
                ($0 >= 0x61 && $0 <= 0x7A) || ($0 >= 0x30 && $0 <= 0x39) || $0 == 0x2D || $0 == 0x5F
            })
        else { throw GatewayError.tokenName(name) }
        let token = hexText(random(32))
        let until = days.map { nowMs + UInt64(max(0, $0)) * 86_400_000 }
        let known = try desk.streams()
        let bound = try streams.map { text in
            guard let number = known[text] ?? known.values.first(where: { $0.description == text }) else {
                throw GatewayError.noSuchStream(
                    text, known: known.sorted { $0.value < $1.value }.map { "\($0.value) \($0.key)" })
            }
            return number
        }
        _ = try desk.add(
            hash: Facility.tokenHash(token), name: name, role: role,
            scope: Grant.scope(of: bound.isEmpty ? nil : Set(bound)), nowMs: nowMs, untilMs: until)
        return token
    }

    package func remove(name: String) throws {
        guard try desk.end(name: name, nowMs: nowMs) > 0 else { throw GatewayError.noSuchToken(name: name) }
    }

    /// One token a line: grant number, name, role, from when, until when, whether it is valid now, and of which streams.
    package struct Line {
        package let grant: UInt64
        package let name: String
        package let role: String
        package let since: String
        package let until: String?
        package let isValid: Bool
        /// Empty for the whole house, else `streams 3 7`.
        package let scope: String
    }

    package func list() throws -> [Line] {
        try desk.tokens().map { token in
            let end = token.endedMs ?? token.untilMs
            return Line(
                grant: token.grant, name: token.name, role: token.role,
                since: UTCTime.text(Int64(clamping: token.createdMs)),
                until: end.map { UTCTime.text(Int64(clamping: $0)) }, isValid: token.isValid(atMs: nowMs),
                scope: token.scope)
        }
    }
}
