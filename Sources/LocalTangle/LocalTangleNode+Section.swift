import Hashing
import Tangle

extension LocalTangleNode {
    /// The `tangle:` section of a gateway's configuration that uses this network, with a holder for every key.
    package nonisolated func gatewaySection(url: String) -> String {
        let events = configuration.events.map { "  events: \($0)\n" } ?? ""
        // A JSON text is a YAML text too, whatever is in it.
        let name = JSON.string(configuration.networkName).text
        let keys = heldKeys.map { "    - {key: \"\(hexText($0.publicKey))\", holder: \($0.holder)}\n" }
        return "tangle:\n  node: \(url)\n\(events)  network: \(name)\n  threshold: \(threshold)\n  milestoneKeys:\n"
            + keys.joined()
    }
}
