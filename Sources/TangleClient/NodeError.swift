/// What a node did instead of answering, by what there is to do about it (`tangle.md` section 5).
package enum NodeError: Error, Equatable, Sendable {
    /// No connection, no whole answer in time, or the connection broke. The request may or may not have been done.
    case unreachable(String)
    /// 400: these bytes will never be taken. `message` is the node's own, cut to a line.
    case refused(message: String)
    /// 400 because a parent is older than the node's limit: new tips and new work.
    case belowMaxDepth
    /// 401 or 403: fix the configuration.
    case notAllowed(status: Int)
    /// 404: unknown to this node, or pruned by it. No proof that it never existed.
    case notFound
    /// 503: not synced, or no tips. Later, or another node.
    case notReady
    /// 500 and everything else the table does not name.
    case failed(status: Int, message: String)
    /// An answer that is not what the interface promises; `what` says which part.
    case malformed(what: String)
    /// The node calls the block by another id than its bytes have: it changed them.
    case otherBlock(expected: String, answered: String)
    /// A node that must not be used: another network, another protocol, unhealthy, a clock or a demand out of bounds.
    case unsuitable(String)

    /// Whether the same request may succeed later without any change.
    package var isPassing: Bool {
        switch self {
        case .unreachable, .notReady, .failed: true
        case .refused, .belowMaxDepth, .notAllowed, .notFound, .malformed, .otherBlock, .unsuitable: false
        }
    }
}
