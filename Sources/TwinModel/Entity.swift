/// A space or a piece of equipment.
package struct Entity: Hashable, Sendable {
    package let id: String
    /// A name of `TypeTable`, kind space or equipment.
    package let type: String
    /// For people; the id when the building file gives none.
    package let label: String
    /// In order of kind, then target; no pair twice.
    package let relations: [Relation]
    /// In order of name.
    package let annotations: [Annotation]

    package init(id: String, type: String, label: String, relations: [Relation] = [], annotations: [Annotation] = []) {
        self.id = id
        self.type = type
        self.label = label
        self.relations = Set(relations).sorted { ($0.kind.rawValue, $0.target) < ($1.kind.rawValue, $1.target) }
        self.annotations = annotations.sorted { $0.name < $1.name }
    }

    /// The targets of one kind of relation, in order of id.
    package func targets(_ kind: RelationKind) -> [String] { relations.filter { $0.kind == kind }.map(\.target) }
}

package struct Relation: Hashable, Sendable {
    package let kind: RelationKind
    /// Id of an entity of the same building.
    package let target: String

    package init(_ kind: RelationKind, _ target: String) {
        self.kind = kind
        self.target = target
    }
}

/// Relations between entities; only this direction is stored, the inverse is derived.
package enum RelationKind: String, Sendable, CaseIterable {
    /// `brick:isPartOf`: floor in building, room in floor, part in equipment. At most one, never in a circle.
    case `in`
    /// `rec:locatedIn`: equipment at a space. At most one.
    case at
    /// `brick:feeds`.
    case feeds
    /// `brick:meters`.
    case meters
    /// `brick:isSubMeterOf`. At most one, never in a circle.
    case submeterOf
    /// `rec:includes`.
    case includes
    /// `brick:controls`.
    case controls

    /// The predicate of an export.
    package var predicate: String {
        switch self {
        case .in: "brick:isPartOf"
        case .at: "rec:locatedIn"
        case .feeds: "brick:feeds"
        case .meters: "brick:meters"
        case .submeterOf: "brick:isSubMeterOf"
        case .includes: "rec:includes"
        case .controls: "brick:controls"
        }
    }

    /// Whether an entity has at most one of it.
    package var isSingle: Bool { self == .in || self == .at || self == .submeterOf }
}

/// A group of facts that explain an entity, such as `metrology` of a meter. They travel with the model and are shown as they are.
package struct Annotation: Hashable, Sendable {
    package struct Field: Hashable, Sendable {
        package let name: String
        package let value: String
        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    package let name: String
    /// In order of name.
    package let fields: [Field]

    package init(name: String, fields: [Field]) {
        self.name = name
        self.fields = fields.sorted { $0.name < $1.name }
    }

    package subscript(field: String) -> String? { fields.first { $0.name == field }?.value }
}
