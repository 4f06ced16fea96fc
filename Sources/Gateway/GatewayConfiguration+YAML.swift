import Hashing
package import SourceYAML

extension GatewayConfiguration {
    /// Reads `plumbline.yaml`; every mistake is a `SourceError` with file, line, column and the nearest known key.
    ///
    /// Relative paths count from the configuration file's folder, `folder`.
    package static func parse(_ text: [UInt8], file: String, folder: String) throws(SourceError) -> GatewayConfiguration
    {
        try parse(try YAMLNode.parse(text, file: file), folder: folder)
    }

    static func parse(_ root: YAMLNode, folder: String) throws(SourceError) -> GatewayConfiguration {
        try root.allow([
            "gateway", "building", "profiles", "data", "log", "api", "mqtt", "anchors", "witnesses", "timeStamp",
            "tangle", "localTangle", "freeSpaceFloor", "journal",
        ])
        func path(_ node: YAMLNode) throws(SourceError) -> String {
            let text = try node.string()
            return text.hasPrefix("/") ? text : folder + "/" + text
        }
        let name = try root.required("gateway")
        var result = GatewayConfiguration(gateway: try name.string(), buildingPath: try path(root.required("building")))
        guard Self.isGatewayName(result.gateway) else {
            throw name.error("'\(result.gateway)' cannot name a gateway", hint: "use 1 to 63 of a-z 0-9 . -")
        }
        if let node = root["profiles"] { result.profilesPath = try path(node) }
        if let node = root["data"] { result.dataPath = try path(node) }
        if let log = root["log"] {
            try log.allow(["period", "snapshotEvery", "rereadWithin"])
            if let node = log["period"] {
                result.log.periodMs = try node.duration(1_000...3_600_000)
                guard result.log.periodMs % 1_000 == 0, 3_600_000 % result.log.periodMs == 0 else {
                    throw node.error(
                        "the period must be whole seconds that divide an hour", hint: "for example 1s, 10s, 60s, 15m")
                }
            }
            if let node = log["snapshotEvery"] { result.log.snapshotEveryMs = try node.duration(60_000...86_400_000) }
            if let node = log["rereadWithin"] {
                result.log.rereadWithinMs = try node.duration(86_400_000...31_536_000_000)
            }
        }
        if let node = root["api"] { result.api = try api(node, path: path) }
        if let node = root["mqtt"] { result.mqtt = try mqtt(node, path: path) }
        if let anchors = root["anchors"] {
            try anchors.allow(["every", "lateAfter"])
            if let node = anchors["every"] { result.anchors.everyMs = try node.duration(2_000...86_400_000) }
            if let node = anchors["lateAfter"] { result.anchors.lateAfterMs = try node.duration(10_000...604_800_000) }
        }
        if let node = root["witnesses"] { result.witnesses = try witnesses(node) }
        if let node = root["timeStamp"] { result.timeStamp = try timeStamp(node, path: path) }
        if let node = root["tangle"] { result.tangle = try tangle(node, path: path) }
        if let local = root["localTangle"] {
            try local.allow(["interval", "minPowScore", "port", "events"])
            if let node = local["interval"] { result.localTangle.intervalMs = try node.duration(1_000...60_000) }
            if let node = local["minPowScore"] { result.localTangle.minPoWScore = UInt32(try node.int(0...4_000)) }
            if let node = local["events"] { result.localTangle.events = try brokerAddress(node) }
            if let node = local["port"] { result.localTangle.port = UInt16(try node.int(0...65_535)) }
        }
        if let node = root["freeSpaceFloor"] { result.freeSpaceFloorBytes = try size(node, 1 << 20...1 << 40) }
        if let node = root["journal"] { result.journal = try node.choice(JournalLevel.self) }
        return result
    }

    typealias PathReader = (YAMLNode) throws(SourceError) -> String

    private static func api(_ node: YAMLNode, path: PathReader) throws(SourceError) -> API {
        try node.allow(["host", "port", "certificate", "key", "metrics"])
        var api = API()
        if let host = node["host"] { api.host = try host.string(sizeBytesMax: 255) }
        if let port = node["port"] { api.port = UInt16(try port.int(0...65_535)) }
        if let file = node["certificate"] { api.certificatePath = try path(file) }
        if let file = node["key"] { api.keyPath = try path(file) }
        if let access = node["metrics"] {
            api.metrics = try access.choice(MetricsAccess.self)
            guard api.metrics == .token || api.isLoopback else {
                throw access.error(
                    "metrics are open on loopback only, and the API answers on \(api.host)",
                    hint: "leave it out: Prometheus can send a token")
            }
        }
        guard (api.certificatePath == nil) == (api.keyPath == nil) else {
            throw node.error("certificate and key belong together; only one is given")
        }
        guard api.isLoopback || api.certificatePath != nil else {
            throw (node["host"] ?? node).error(
                "the API answers on loopback only unless it has TLS; \(api.host) needs certificate and key",
                hint: "set api.certificate and api.key, or host: 127.0.0.1 behind a reverse proxy")
        }
        return api
    }

    private static func timeStamp(_ node: YAMLNode, path: PathReader) throws(SourceError) -> TimeStamp {
        try node.allow(["url", "ca", "every"])
        let url = try node.required("url")
        let address = try url.string(sizeBytesMax: 2_048)
        guard isNodeAddress(address) else {
            throw url.error("'\(address)' is no address of an authority", hint: "for example https://tsa.example/stamp")
        }
        var stamp = TimeStamp(url: address, authoritiesPath: try path(node.required("ca")))
        if let every = node["every"] { stamp.everyMs = try every.duration(2_000...86_400_000) }
        return stamp
    }

    private static func tangle(_ node: YAMLNode, path: PathReader) throws(SourceError) -> Tangle {
        try node.allow([
            "node", "nodes", "network", "tokenFile", "events", "minPowScoreMax", "threshold", "milestoneKeys",
        ])
        let nodes = try nodes(node, path: path)
        var keys: [MilestoneKey] = []
        for item in try node.required("milestoneKeys").items() {
            try item.allow(["key", "from", "to", "holder"])
            let key = try item.required("key")
            guard let bytes = bytes(hex: try key.string()), bytes.count == 32 else {
                throw key.error("a milestone key is 64 hex digits")
            }
            let holder = try item.required("holder")
            let name = try holder.string(sizeBytesMax: 200)
            guard !name.isEmpty, !name.contains(where: \.isNewline) else {
                throw holder.error("a holder is one line of text")
            }
            keys.append(
                MilestoneKey(
                    key: bytes, from: UInt32(clamping: try item["from"]?.int(0...Int(UInt32.max)) ?? 0),
                    to: UInt32(clamping: try item["to"]?.int(0...Int(UInt32.max)) ?? 0), holder: name))
        }
        if keys.isEmpty, let list = node["milestoneKeys"] {
            throw list.error("no milestone key", hint: "ask the network's operator for them")
        }
        let network = try node.required("network")
        var tangle = Tangle(nodes: nodes, network: try network.string(sizeBytesMax: 255), milestoneKeys: keys)
        guard !tangle.network.isEmpty, !tangle.network.contains(where: \.isNewline) else {
            throw network.error("a network's name is one line of text")
        }
        if let score = node["minPowScoreMax"] {
            tangle.minPoWScoreMax = UInt32(try score.int(1...Int(Tangle.minPoWScoreCeiling)))
        }
        if let threshold = node["threshold"] {
            tangle.threshold = try threshold.int(1...64)
            let holders = Set(keys.map(\.holder)).count
            guard tangle.threshold <= holders else {
                throw threshold.error("\(tangle.threshold) holders must sign, but the keys have \(holders)")
            }
        }
        return tangle
    }

    /// `16MiB`, `2GiB`, `512KiB` or plain bytes.
    private static func size(_ node: YAMLNode, _ range: ClosedRange<UInt64>) throws(SourceError) -> UInt64 {
        let text = try node.string()
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let factors: [Substring: UInt64] = ["": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40]
        guard let value = UInt64(digits), let factor = factors[text.dropFirst(digits.count)] else {
            throw node.expected("a size such as 16MiB or 2GiB")
        }
        let (product, over) = value.multipliedReportingOverflow(by: factor)
        guard !over, range.contains(product) else { throw node.error("\(text) is outside 1MiB to 1TiB") }
        return product
    }

    private static func isGatewayName(_ text: String) -> Bool {
        (1...63).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                ($0 >= 0x61 && $0 <= 0x7A) || ($0 >= 0x30 && $0 <= 0x39) || $0 == UInt8(ascii: ".")
                    || $0 == UInt8(ascii: "-")
            }
    }
}
