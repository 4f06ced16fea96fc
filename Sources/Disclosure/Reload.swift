import LogEntries

/// What a reload of the configuration did.
package struct ReloadView: Hashable, Sendable {
    /// Connections to the field.
    package struct Connections: Hashable, Sendable {
        /// Untouched: the same connection goes on.
        package var kept = 0
        /// Made anew with other settings or devices, or given other devices while running.
        package var changed = 0
        package var started = 0
        package var ended = 0

        package init() {}
    }

    /// What is in force only when the running interval ends.
    package struct Waiting: Hashable, Sendable {
        /// UTC ms.
        package let fromMs: Int64
        /// Points that have spoken in that interval and mean something else afterwards, or are gone.
        package let points: [String]

        package init(fromMs: Int64, points: [String]) {
            self.fromMs = fromMs
            self.points = points
        }
    }

    /// Whether the log has a new configuration leaf.
    package let isLogged: Bool
    package let modelRevision: Int
    package let connections: Connections
    /// `nil` when all is in force.
    package let waiting: Waiting?

    package init(isLogged: Bool, modelRevision: Int, connections: Connections, waiting: Waiting? = nil) {
        self.isLogged = isLogged
        self.modelRevision = modelRevision
        self.connections = connections
        self.waiting = waiting
    }
}

/// One reason why the files are not taken.
package struct ConfigurationMistake: Hashable, Sendable {
    /// `building.yaml:12:5`, or the key that cannot change while the gateway runs.
    package let place: String
    package let message: String
    /// What to do.
    package let hint: String?

    package init(place: String, message: String, hint: String? = nil) {
        self.place = place
        self.message = message
        self.hint = hint
    }
}

extension Facility {
    /// Reads the configuration files again and puts all of them in force, or nothing: at once, or at the running interval's end.
    ///
    /// - Throws: `Refusal.outsideGrant` unless the grant is the facility's, `Refusal.configurationRefused`, `Refusal.reloadUnderWay`,
    ///   `Refusal.notNow`.
    package func reload(_ grant: Grant) async throws -> ReloadView {
        guard grant.role == .facility else { throw Refusal.outsideGrant }
        return try await reloading(Bytes16(Self.pseudonym(of: grant, nowMs: nowMs)) ?? .zero)
    }

    /// Every connection to the field, in order of id.
    package func links() async -> [LinkView] { await linksNow() }
}
