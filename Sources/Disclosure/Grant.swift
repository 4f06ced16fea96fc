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

    package init(number: UInt64, name: String, role: Role, untilMs: Int64?) {
        self.number = number
        self.name = name
        self.role = role
        self.untilMs = untilMs
    }
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
