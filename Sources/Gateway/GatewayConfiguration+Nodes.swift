import BrokerClient
import SourceYAML
import TangleClient

extension GatewayConfiguration {
    /// `node` with its `tokenFile` and `events`, or `nodes`: a list of addresses, or of `url`, `tokenFile` and `events`.
    static func nodes(_ tangle: YAMLNode, path: PathReader) throws(SourceError) -> [Node] {
        guard let list = tangle["nodes"] else {
            let address = try nodeAddress(tangle.required("node"))
            return [
                Node(
                    address: address, tokenPath: try tangle["tokenFile"].map(path),
                    events: try tangle["events"].map(brokerAddress))
            ]
        }
        if let one = tangle["node"] {
            throw one.error("node and nodes are both given", hint: "put it into the list, where its place should be")
        }
        if let file = tangle["tokenFile"] {
            // A token of one operator must not be sent to another.
            throw file.error(
                "with nodes, each has its own token", hint: "write - {url: https://tangle.example, tokenFile: FILE}")
        }
        if let events = tangle["events"] {
            throw events.error(
                "with nodes, each has its own events",
                hint: "write - {url: https://tangle.example, events: mqtt://tangle.example:1883}")
        }
        let items = try list.items()
        guard (1...NodeRoster.countMax).contains(items.count) else {
            throw list.error("\(items.count) nodes; 1 to \(NodeRoster.countMax) can be used")
        }
        var nodes: [Node] = []
        for item in items {
            var node: Node
            var place = item
            if case .mapping = item.content {
                try item.allow(["url", "tokenFile", "events"])
                place = try item.required("url")
                node = Node(address: try nodeAddress(place))
                node.tokenPath = try item["tokenFile"].map(path)
                node.events = try item["events"].map(brokerAddress)
            } else {
                node = Node(address: try nodeAddress(item))
            }
            guard !nodes.contains(where: { bare($0.address) == bare(node.address) }) else {
                throw place.error("'\(node.address)' is in the list already")
            }
            nodes.append(node)
        }
        return nodes
    }

    private static func nodeAddress(_ node: YAMLNode) throws(SourceError) -> String {
        let address = try node.string(sizeBytesMax: 2_048)
        guard isNodeAddress(address) else {
            throw node.error("'\(address)' is no address of a node", hint: "for example https://tangle.example:14265")
        }
        return address
    }

    /// `mqtt://HOST[:PORT]`.
    static func brokerAddress(_ node: YAMLNode) throws(SourceError) -> BrokerAddress {
        let text = try node.string(sizeBytesMax: BrokerAddress.textBytesMax)
        guard let address = BrokerAddress(text) else {
            throw node.error("'\(text)' is no address of a broker", hint: "for example mqtt://tangle.example:1883")
        }
        return address
    }

    /// `http://HOST[:PORT]` or `https://HOST[:PORT]`, a path behind it allowed.
    static func isNodeAddress(_ text: String) -> Bool {
        guard let scheme = ["http://", "https://"].first(where: text.hasPrefix) else { return false }
        let authority = text.dropFirst(scheme.count).prefix { $0 != "/" }
        let parts = authority.split(separator: ":", omittingEmptySubsequences: false)
        if authority.hasPrefix("[") { return authority.contains("]") }
        guard let host = parts.first, !host.isEmpty, parts.count <= 2 else { return false }
        return parts.count == 1 || (UInt16(parts[1]) ?? 0) > 0
    }

    private static func bare(_ address: String) -> Substring {
        address.hasSuffix("/") ? address.dropLast() : address[...]
    }
}
