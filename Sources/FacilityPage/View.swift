/// One view: a document and address of its own.
package enum View: String, CaseIterable, Sendable {
    case today
    case building
    case point
    case record
    case check
    case signIn = "sign-in"

    /// The view that lives at a path without query; a trailing slash is another address.
    package init?(path: String) {
        switch path {
        case "/": self = .today
        case "/building": self = .building
        case "/record": self = .record
        case "/check": self = .check
        case "/sign-in": self = .signIn
        default:
            if Self.isOneStep(path, below: "/building/") {
                self = .building
            } else if Self.isOneStep(path, below: "/points/") {
                self = .point
            } else {
                return nil
            }
        }
    }

    /// Whether a reader without a session is sent to `/sign-in` first.
    package var needsSession: Bool { self != .signIn }

    /// The word of its title and heading in the catalogues.
    var titleKey: String { "view." + rawValue }

    /// The entry of the navigation it stands under; a point belongs to the building.
    var navigation: View { self == .point ? .building : self }

    private static func isOneStep(_ path: String, below parent: String) -> Bool {
        guard path.hasPrefix(parent) else { return false }
        let id = path.utf8.dropFirst(parent.utf8.count)
        return !id.isEmpty && !id.contains(UInt8(ascii: "/"))
    }
}
