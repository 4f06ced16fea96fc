import Anchoring
import MerkleLog
import SourceYAML
import WitnessClient

extension GatewayConfiguration {
    /// The list under `witnesses`: address and verifier key of each.
    static func witnesses(_ node: YAMLNode) throws(SourceError) -> [WitnessAddress] {
        var found: [WitnessAddress] = []
        for item in try node.items() {
            try item.allow(["url", "key"])
            let url = try item.required("url")
            let address = try url.string(sizeBytesMax: 2_048)
            guard isNodeAddress(address) else {
                throw url.error(
                    "'\(address)' is no address of a witness", hint: "for example http://watch.example:8430")
            }
            let key = try item.required("key")
            let text = try key.string(sizeBytesMax: 1_024)
            guard let known = VerifierKey(text), known.algorithm == .cosignature else {
                throw key.error(
                    "'\(text)' is no key of a witness",
                    hint: "copy the line that plumbline-watch prints at its start: name+8 hex digits+base64")
            }
            guard !found.contains(where: { $0.key == text }) else {
                throw key.error("this witness is listed already", hint: "one entry for each witness")
            }
            found.append(WitnessAddress(url: address, key: text))
            guard found.count <= Witnesses.witnessesMax else {
                throw item.error("more than \(Witnesses.witnessesMax) witnesses")
            }
        }
        return found
    }
}

/// The witnesses of a running gateway and their connections.
struct WitnessLinks: Sendable {
    private let links: [HTTPWitness]
    private let keys: [VerifierKey]

    init(_ addresses: [GatewayConfiguration.WitnessAddress]) {
        let known = addresses.compactMap { address in VerifierKey(address.key).map { (address.url, $0) } }
        links = known.map { HTTPWitness(url: $0.0) }
        keys = known.map { $0.1 }
    }

    func witnesses(pause: @escaping @Sendable (_ ms: Int64) async throws -> Void) -> Witnesses? {
        links.isEmpty ? nil : Witnesses(zip(keys, links).map { ConfiguredWitness(key: $0, calls: $1) }, pause: pause)
    }

    func shutdown() async throws {
        for link in links { try await link.shutdown() }
    }
}
