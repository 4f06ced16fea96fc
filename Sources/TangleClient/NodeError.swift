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

extension NodeError: CustomStringConvertible {
    /// What happened, as part of a sentence that begins with the node's name.
    package var description: String {
        switch self {
        case .unreachable(let why): "no whole answer (\(why))"
        case .refused(let message): "the block is refused: \(message)"
        case .belowMaxDepth: "the block is refused: its parents are too old"
        case .notAllowed(let status): "not allowed (HTTP \(status)); check the node's address and token"
        case .notFound: "not known there"
        case .notReady: "not ready (HTTP 503)"
        case .failed(let status, let message): "HTTP \(status) \(message)"
        case .malformed(let what): "the answer is not what the interface promises: \(what)"
        case .otherBlock(let expected, let answered):
            "it names block \(expected) \(answered); remote proof of work must be off"
        case .unsuitable(let why): why
        }
    }
}
