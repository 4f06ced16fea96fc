import SourceYAML

extension ModbusDialect {
    private static let boundaryCountMax = 64
    private static let identityCountMax = 16
    private static let variantCountMax = 64

    static func load(_ root: YAMLNode, defaults: PointDefaults) throws(SourceError) -> ModbusDialect {
        if let node = root["availability"] { throw node.error("'availability' is for transport mqtt") }
        return ModbusDialect(
            limits: try limits(root["read"]), identify: try identify(root["identify"], defaults: defaults))
    }

    private static func limits(_ node: YAMLNode?) throws(SourceError) -> ReadLimits {
        guard let node else { return ReadLimits() }
        try node.allow(["maxRegisters", "gap", "boundaries"], in: "read")
        var boundaries: [UInt16] = []
        if let list = node["boundaries"] {
            let items = try list.items()
            guard items.count <= boundaryCountMax else {
                throw list.error("more than \(boundaryCountMax) boundaries")
            }
            for item in items { boundaries.append(UInt16(clamping: try item.int(0...65_535))) }
        }
        return ReadLimits(
            registerCountMax: try node["maxRegisters"]?.int(1...125) ?? 125, gap: try node["gap"]?.int(0...124) ?? 8,
            boundaries: boundaries)
    }

    private static func identify(_ node: YAMLNode?, defaults: PointDefaults) throws(SourceError) -> [IdentityCheck] {
        guard let node else { return [] }
        let items = try node.items()
        guard items.count <= identityCountMax else { throw node.error("more than \(identityCountMax) identities") }
        var checks: [IdentityCheck] = []
        for item in items {
            try item.allow(["address", "function", "words", "oneOf"], in: "identify")
            let variants = try variants(item)
            let function = try defaults.function(item["function"])
            guard !function.readsBits else { throw item.error("an identity stands in registers, function 3 or 4") }
            checks.append(
                IdentityCheck(
                    function: function,
                    address: try defaults.address(item.required("address"), last: variants[0].count - 1),
                    words: variants[0], alternatives: Array(variants.dropFirst())))
        }
        return checks
    }

    /// `words: [1, 2]`, two registers that hold just this, or `oneOf: [1, 2]`, one register that holds either. Never empty.
    private static func variants(_ item: YAMLNode) throws(SourceError) -> [[UInt16]] {
        switch (item["words"], item["oneOf"]) {
        case (let node?, nil):
            let words = try words(node)
            guard (1...16).contains(words.count) else { throw node.error("an identity holds 1 to 16 words") }
            return [words]
        case (nil, let node?):
            let words = try words(node)
            guard (1...variantCountMax).contains(words.count) else {
                throw node.error("an identity has 1 to \(variantCountMax) variants")
            }
            return words.map { [$0] }
        case (nil, nil): throw item.error("key 'words' or 'oneOf' is missing in \(item.pathText)")
        case (_, let node?): throw node.error("an identity has either 'words' or 'oneOf'")
        }
    }

    private static func words(_ node: YAMLNode) throws(SourceError) -> [UInt16] {
        var words: [UInt16] = []
        for word in try node.items() { words.append(UInt16(clamping: try word.int(0...65_535))) }
        return words
    }
}
