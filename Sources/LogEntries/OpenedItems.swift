import CanonicalCBOR
package import Hashing
package import Readings

/// Who read what in one interval: `[2, 5, k, salt16, [[grant, actor, scope, what, count], …]]`.
package struct AccessItem: Hashable, Sendable {
    package struct Entry: Hashable, Sendable {
        package let grant: UInt64
        /// Pseudonym of this month.
        package let actor: Bytes16
        package let scope: String
        package let what: String
        package let count: UInt64

        package init(grant: UInt64, actor: Bytes16, scope: String, what: String, count: UInt64) {
            self.grant = grant
            self.actor = actor
            self.scope = scope
            self.what = what
            self.count = count
        }
    }

    package let k: UInt64
    package let salt: Bytes16
    package let entries: [Entry]

    package init(k: UInt64, salt: Bytes16, entries: [Entry]) {
        self.k = k
        self.salt = salt
        self.entries = entries
    }

    package func encoded() -> [UInt8] {
        let rows = entries.map {
            CBOR.array([
                .unsigned($0.grant), .bytes($0.actor.bytes), .text($0.scope), .text($0.what), .unsigned($0.count),
            ])
        }
        return CBOR.array([.unsigned(2), .unsigned(5), .unsigned(k), .bytes(salt.bytes), .array(rows)]).encoded()
    }

    package var hash: Hash { sha256Leaf(encoded()) }

    package static func decode(_ bytes: [UInt8]) throws(ItemError) -> AccessItem {
        try decodeItem(bytes) { fields throws(Fields.Mismatch) in
            try fields.constant(2)
            try fields.constant(5)
            return AccessItem(
                k: try fields.unsigned(), salt: try fields.bytes16(),
                entries: try fields.list { fields throws(Fields.Mismatch) in
                    Entry(
                        grant: try fields.unsigned(), actor: try fields.bytes16(), scope: try fields.text(),
                        what: try fields.text(), count: try fields.unsigned())
                })
        }
    }
}

/// Where a value stands in the log; values are cited so that an erasure reaches them.
package struct Citation: Hashable, Sendable {
    package let point: PointNumber
    package let stream: StreamNumber
    package let k: UInt64
    /// The reading's place in the item's payload, from 0.
    package let position: UInt64

    package init(point: PointNumber, stream: StreamNumber, k: UInt64, position: UInt64) {
        self.point = point
        self.stream = stream
        self.k = k
        self.position = position
    }
}

/// One entity of the twin in a snapshot: `[2, 6, number, salt16, [id, type, relations, [[point, stream, k, position],
/// …]]]`.
package struct SnapshotItem: Hashable, Sendable {
    /// `[name, id of the other entity]`.
    package struct Relation: Hashable, Sendable {
        package let name: String
        package let target: String

        package init(name: String, target: String) {
            self.name = name
            self.target = target
        }
    }

    package let number: UInt64
    package let salt: Bytes16
    package let entityID: String
    package let type: String
    package let relations: [Relation]
    package let citations: [Citation]

    package init(
        number: UInt64, salt: Bytes16, entityID: String, type: String, relations: [Relation], citations: [Citation]
    ) {
        self.number = number
        self.salt = salt
        self.entityID = entityID
        self.type = type
        self.relations = relations
        self.citations = citations
    }

    package func encoded() -> [UInt8] {
        let related = relations.map { CBOR.array([.text($0.name), .text($0.target)]) }
        let cited = citations.map {
            CBOR.array([.point($0.point), .stream($0.stream), .unsigned($0.k), .unsigned($0.position)])
        }
        return CBOR.array([
            .unsigned(2), .unsigned(6), .unsigned(number), .bytes(salt.bytes),
            .array([.text(entityID), .text(type), .array(related), .array(cited)]),
        ]).encoded()
    }

    package var hash: Hash { sha256Leaf(encoded()) }

    /// Id of the entity that this one is a part of: the target of its relation `in`, in other programs' logs `brick:isPartOf`.
    package var whole: String? { relations.first { $0.name == "in" || $0.name == "brick:isPartOf" }?.target }

    package static func decode(_ bytes: [UInt8]) throws(ItemError) -> SnapshotItem {
        try decodeItem(bytes) { fields throws(Fields.Mismatch) in
            try fields.constant(2)
            try fields.constant(6)
            let number = try fields.unsigned()
            let salt = try fields.bytes16()
            return try fields.nested { fields throws(Fields.Mismatch) in
                SnapshotItem(
                    number: number, salt: salt, entityID: try fields.text(), type: try fields.text(),
                    relations: try fields.list { fields throws(Fields.Mismatch) in
                        Relation(name: try fields.text(), target: try fields.text())
                    },
                    citations: try fields.list { fields throws(Fields.Mismatch) in
                        Citation(
                            point: try fields.point(), stream: try fields.stream(), k: try fields.unsigned(),
                            position: try fields.unsigned())
                    })
            }
        }
    }
}
