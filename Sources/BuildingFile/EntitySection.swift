import SourceYAML
import TwinModel

/// `entities:` of a building file.
enum EntitySection {
    static func read(_ node: YAMLNode) throws(SourceError) -> [Entity] {
        let entries = try node.entries()
        let ids = Set(entries.map(\.key))
        var entities: [Entity] = []
        for entry in entries {
            try BuildingFile.checkKey(entry, what: "entity")
            entities.append(try entity(entry, ids: ids))
        }
        try refuseCircles(.in, entities, entries)
        try refuseCircles(.submeterOf, entities, entries)
        return entities
    }

    private static func entity(_ entry: YAMLEntry, ids: Set<String>) throws(SourceError) -> Entity {
        let node = entry.value
        let keys = ["type", "label"] + RelationKind.allCases.map(\.rawValue) + annotationKeys.keys.sorted()
        try node.allow(keys, in: "entity \(entry.key)")
        let typeNode = try node.required("type")
        let type = try typeNode.string()
        guard let kind = TypeTable.kind(of: type), kind != .point else {
            throw unknownType(type, at: typeNode, kinds: [.space, .equipment], noun: "a space or equipment")
        }
        var relations: [Relation] = []
        for kind in RelationKind.allCases {
            guard let value = node[kind.rawValue] else { continue }
            relations += try targets(value, kind, of: entry.key, ids: ids)
        }
        return Entity(
            id: entry.key, type: type,
            label: try node["label"]?.string(sizeBytesMax: BuildingFile.labelSizeBytesMax) ?? entry.key,
            relations: relations, annotations: try annotations(node))
    }

    private static func targets(
        _ node: YAMLNode, _ kind: RelationKind, of id: String, ids: Set<String>
    ) throws(SourceError) -> [Relation] {
        let names = try node.strings()
        guard names.count == 1 || !kind.isSingle else {
            throw node.error("'\(kind.rawValue)' names one entity, not \(names.count)")
        }
        var relations: [Relation] = []
        for name in names {
            guard ids.contains(name) else {
                throw node.error(
                    "'\(kind.rawValue)' names the unknown entity '\(name.prefix(80))'", hint: didYouMean(name, in: ids))
            }
            guard name != id else { throw node.error("'\(kind.rawValue)' names the entity itself") }
            relations.append(Relation(kind, name))
        }
        return relations
    }

    static func unknownType(_ type: String, at node: YAMLNode, kinds: [TypeTable.Kind], noun: String) -> SourceError {
        if let known = TypeTable.kind(of: type), !kinds.contains(known) {
            return node.error("'\(type)' is not the type of \(noun)", hint: nil)
        }
        return node.error(
            "unknown type '\(type.prefix(80))'",
            hint: TypeTable.suggestion(for: type, kinds: kinds).map { "did you mean '\($0)'?" })
    }

    /// Groups of facts an entity may carry and the keys of each; an empty list allows any key.
    private static let annotationKeys: [String: [String]] = [
        "metrology": [
            "class", "mid", "serial", "sealed", "ctRatio", "vtRatio", "installed", "verified", "replaces",
            "closingIndex", "openingIndex",
        ],
        "asset": ["manufacturer", "model", "serial", "installed", "warrantyUntil"],
        "notes": [],
    ]

    private static func annotations(_ node: YAMLNode) throws(SourceError) -> [Annotation] {
        var annotations: [Annotation] = []
        for (name, keys) in annotationKeys.sorted(by: { $0.key < $1.key }) {
            guard let group = node[name] else { continue }
            if !keys.isEmpty { try group.allow(keys, in: name) }
            var fields: [Annotation.Field] = []
            for entry in try group.entries() { fields.append(.init(name: entry.key, value: try entry.value.string())) }
            annotations.append(Annotation(name: name, fields: fields))
        }
        return annotations
    }

    /// Follows a relation of which every entity has at most one; coming back is a mistake.
    private static func refuseCircles(
        _ kind: RelationKind, _ entities: [Entity], _ entries: [YAMLEntry]
    ) throws(SourceError) {
        let next = Dictionary(entities.map { ($0.id, $0.targets(kind).first) }, uniquingKeysWith: { first, _ in first })
        var isClear: Set<String> = []
        for entry in entries {
            var path: [String] = []
            var here: String? = entry.key
            while let id = here, !isClear.contains(id) {
                if let start = path.firstIndex(of: id) {
                    let circle = (path[start...] + [id]).joined(separator: " → ")
                    throw (entry.value[kind.rawValue] ?? entry.value).error(
                        "'\(kind.rawValue)' goes in a circle: \(circle)")
                }
                path.append(id)
                here = next[id] ?? nil
            }
            isClear.formUnion(path)
        }
    }
}
