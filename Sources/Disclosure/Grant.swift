package import Readings

/// Who asks, and until when. Made from a token that the ledger holds only as its SHA-256.
package struct Grant: Hashable, Sendable {
    package enum Role: String, Hashable, Sendable, CaseIterable {
        /// Everything.
        case facility
        /// The record, readings and evidence.
        case auditor
        /// What an auditor sees, and erasing it.
        case eraser
    }

    /// Rising number of the token, never reused; what access leaves and journals say instead of a name.
    package let number: UInt64
    package let name: String
    package let role: Role
    /// UTC ms; `nil` for no end.
    package let untilMs: Int64?
    /// The only streams it knows of, such as a tenant's; `nil` for the whole house.
    package let streams: Set<StreamNumber>?

    package init(number: UInt64, name: String, role: Role, untilMs: Int64?, streams: Set<StreamNumber>? = nil) {
        self.number = number
        self.name = name
        self.role = role
        self.untilMs = untilMs
        self.streams = streams
    }

    /// The streams as the ledger stores them with the token: empty for the whole house, else `streams 3 7`, rising.
    package static func scope(of streams: Set<StreamNumber>?) -> String {
        streams.map { "streams " + $0.sorted().map(\.description).joined(separator: " ") } ?? ""
    }

    /// - Throws: `Unreadable` for anything that `scope(of:)` does not write: such a token opens nothing.
    package static func streams(scope: String) throws(Unreadable) -> Set<StreamNumber>? {
        if scope.isEmpty { return nil }
        let words = scope.split(separator: " ")
        let numbers = words.dropFirst().compactMap { UInt32($0) }
        guard words.first == "streams", !numbers.isEmpty, numbers.count == words.count - 1 else { throw Unreadable() }
        return Set(numbers.map { StreamNumber($0) })
    }

    package struct Unreadable: Error {}
}

/// What a bearer token turned out to be.
package enum SignIn: Hashable, Sendable {
    case granted(Grant)
    case expired
    case unknown
}

/// Whether two byte strings are equal, in time that depends on their lengths only.
package func equalInConstantTime(_ a: [UInt8], _ b: [UInt8]) -> Bool {
    guard a.count == b.count else { return false }
    var difference: UInt8 = 0
    for index in a.indices { difference |= a[index] ^ b[index] }
    return difference == 0
}
