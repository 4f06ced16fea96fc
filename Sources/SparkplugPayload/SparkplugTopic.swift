/// A topic of the Sparkplug B namespace (Sparkplug 3.0 section 4): `spBv1.0/GROUP/KIND/NODE[/DEVICE]`.
package struct SparkplugTopic: Hashable, Sendable, CustomStringConvertible {
    package static let namespace = "spBv1.0"

    package enum Kind: String, Hashable, Sendable {
        case nodeBirth = "NBIRTH"
        case nodeData = "NDATA"
        case nodeDeath = "NDEATH"
        case nodeCommand = "NCMD"
        case deviceBirth = "DBIRTH"
        case deviceData = "DDATA"
        case deviceDeath = "DDEATH"
        case deviceCommand = "DCMD"

        var isOfDevice: Bool {
            switch self {
            case .deviceBirth, .deviceData, .deviceDeath, .deviceCommand: true
            case .nodeBirth, .nodeData, .nodeDeath, .nodeCommand: false
            }
        }
    }

    package let group: String
    package let kind: Kind
    package let node: String
    /// `nil` for what is about the node itself.
    package let device: String?

    package init(group: String, kind: Kind, node: String, device: String? = nil) {
        self.group = group
        self.kind = kind
        self.node = node
        self.device = device
    }

    /// `nil` for topics of other shapes, `STATE` among them.
    package init?(_ text: String) {
        let levels = text.split(separator: "/", omittingEmptySubsequences: false)
        guard levels.count == 4 || levels.count == 5, levels[0] == Self.namespace,
            let kind = Kind(rawValue: String(levels[2])), kind.isOfDevice == (levels.count == 5),
            !levels.contains(where: \.isEmpty)
        else { return nil }
        group = String(levels[1])
        self.kind = kind
        node = String(levels[3])
        device = levels.count == 5 ? String(levels[4]) : nil
    }

    package var description: String {
        "\(Self.namespace)/\(group)/\(kind.rawValue)/\(node)" + (device.map { "/\($0)" } ?? "")
    }
}
