package import Hashing

/// What anchoring asks of a node. One implementation talks HTTP; tests put their own in its place.
package protocol TangleNode: Sendable {
    /// For messages: the node's address.
    var name: String { get }
    func info() async throws(NodeError) -> NodeInfo
    /// 1 to 8 block ids.
    func tips() async throws(NodeError) -> [Hash]
    /// Sends the bytes. Returns when the node has taken them under exactly the id `id`; safe to repeat.
    func submit(_ block: [UInt8], id: Hash) async throws(NodeError)
    func status(of block: Hash) async throws(NodeError) -> BlockStatus
    /// Payload bytes, from `u32 7` on.
    func milestone(index: UInt32) async throws(NodeError) -> [UInt8]
    /// The answer of the proof-of-inclusion plugin, JSON as sent; whoever uses it verifies it.
    func proofOfInclusion(of block: Hash) async throws(NodeError) -> [UInt8]
}
