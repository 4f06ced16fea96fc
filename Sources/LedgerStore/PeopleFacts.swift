package import Hashing

/// A token that opens the API. The token itself is never stored, only its SHA-256.
package struct StoredToken: Hashable, Sendable {
    package let hash: Hash
    /// Number of the grant, from 1, never reused; stands in access items.
    package let grant: UInt64
    package let name: String
    package let role: String
    /// What it may see, as the API's rules wrote it; opaque here.
    package let scope: String
    package let createdMs: UInt64
    /// UTC ms; `nil` = until it is ended.
    package let untilMs: UInt64?
    /// When it was taken back, UTC ms.
    package let endedMs: UInt64?

    package func isValid(atMs nowMs: UInt64) -> Bool { endedMs == nil && (untilMs.map { nowMs < $0 } ?? true) }
}

/// One event of the API's event stream.
package struct StoredEvent: Hashable, Sendable {
    /// Rises for ever, also over restarts; never below the instant of the event in UTC ms, so it serves as a time.
    package let id: UInt64
    /// `reading quality seal anchor alarm command change gap access`; open.
    package let kind: String
    package let atMs: UInt64
    /// Ids of the points it is about, for filters.
    package let points: [String]
    /// The event's data as JSON text.
    package let json: String
}

package struct NewEvent: Hashable, Sendable {
    package let kind: String
    package let points: [String]
    package let json: String

    package init(kind: String, points: [String] = [], json: String) {
        self.kind = kind
        self.points = points
        self.json = json
    }
}

/// A file of evidence that somebody asked for.
package struct EvidenceJob: Hashable, Sendable {
    package enum State: String, Sendable {
        case collecting, ready, waitingForAnchor = "waiting-for-anchor", failed
    }

    /// `e-` and hex; made from the question, so that the same question is the same job.
    package let id: String
    /// The question in canonical form (JSON).
    package let question: String
    package var state: State
    package let createdMs: UInt64
    package var anchorFrom: UInt64?
    package var anchorTo: UInt64?
    /// Name of the file inside the evidence folder.
    package var file: String?
    package var sizeBytes: UInt64?
    package var sha256: Hash?
    package var expiresMs: UInt64?
    /// Thousandths done.
    package var doneMille: UInt32
    /// Why it failed, as a problem code and a sentence (JSON).
    package var problem: String?

    package init(
        id: String, question: String, state: State = .collecting, createdMs: UInt64, anchorFrom: UInt64? = nil,
        anchorTo: UInt64? = nil, file: String? = nil, sizeBytes: UInt64? = nil, sha256: Hash? = nil,
        expiresMs: UInt64? = nil, doneMille: UInt32 = 0, problem: String? = nil
    ) {
        self.id = id
        self.question = question
        self.state = state
        self.createdMs = createdMs
        self.anchorFrom = anchorFrom
        self.anchorTo = anchorTo
        self.file = file
        self.sizeBytes = sizeBytes
        self.sha256 = sha256
        self.expiresMs = expiresMs
        self.doneMille = doneMille
        self.problem = problem
    }
}

/// One revision of the building's model.
package struct ModelRevision: Hashable, Sendable {
    /// From 1.
    package let revision: UInt64
    /// UTC ms when it came into force.
    package let atMs: UInt64
    package let hash: Hash
    /// The model's canonical bytes.
    package let bytes: [UInt8]
}

/// One configuration of the log: its items, in order, and since which leaf it holds.
package struct StoredConfig: Hashable, Sendable {
    package let hash: Hash
    /// Index of the type 4 leaf that put it in force first.
    package let leafIndex: UInt64
    package let modelRevision: UInt64
    /// First the head (no stream), then one for every stream.
    package let items: [ConfigItemRow]
}

package struct ConfigItemRow: Hashable, Sendable {
    /// 0 for the head.
    package let stream: UInt32
    package let item: StoredItem

    package init(stream: UInt32, item: StoredItem) {
        self.stream = stream
        self.item = item
    }
}

/// One snapshot of the twin.
package struct StoredSnapshot: Hashable, Sendable {
    package let number: UInt64
    package let leafIndex: UInt64
    package let modelRevision: UInt64
    package let wallMs: UInt64
    package let items: [SnapshotItemRow]
}

package struct SnapshotItemRow: Hashable, Sendable {
    package let entity: String
    package let item: StoredItem

    package init(entity: String, item: StoredItem) {
        self.entity = entity
        self.item = item
    }
}
