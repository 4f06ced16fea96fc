package import Hashing
package import TangleClient

/// What the watcher asks of a node of the network: an anchor's block and what proves it. Nothing here is believed.
package protocol AnchorSource: Sendable {
    /// For messages: the node's address.
    var name: String { get }
    /// The block's bytes.
    func block(_ id: Hash) async throws(NodeError) -> [UInt8]
    func status(of block: Hash) async throws(NodeError) -> BlockStatus
    /// Payload bytes, from `u32 7` on.
    func milestone(index: UInt32) async throws(NodeError) -> [UInt8]
    /// The answer of the proof-of-inclusion plugin, JSON as sent.
    func proofOfInclusion(of block: Hash) async throws(NodeError) -> [UInt8]
}

extension HTTPTangleNode: AnchorSource {}
