import LogEntries
import MerkleLog

/// Reads the leaves that decide who may sign a log, in the order of their index: the first leaf and every key leaf.
struct KeyRing {
    private let card: PolicyCard
    private(set) var keys: LogKeys
    private var genesis: (leaf: Leaf, body: Leaf.Genesis)?
    /// Places of key leaves that hold.
    private var holding: Set<UInt64> = []

    init(card: PolicyCard) {
        self.card = card
        keys = LogKeys(VerifierKey(card.logKey))
    }

    /// Other leaves say nothing. A key leaf that the card's recovery key did not sign over its place is `E_SIG`.
    mutating func read(_ leaf: Leaf, at index: UInt64, into found: inout FindingList) {
        switch leaf.body {
        case .genesis(let body) where index == 0: genesis = (leaf, body)
        case .key(let statement):
            let key = LogKeys.newKey(statement, at: index, origin: card.origin, recoveryHash: card.recoveryHash)
            guard let key else {
                found.add(.signature, "the key statement in leaf \(index)")
                return
            }
            keys.change(to: key, at: index)
            holding.insert(index)
        default: return
        }
    }

    /// When all are read. A card that names other keys than the first leaf is `E_SIG`, and so is a log that follows a lost one
    /// and was not opened by the recovery key in leaf 1.
    func close(into found: inout FindingList, _ history: inout KeyHistory) {
        history.keyChanges = keys.changes.map { .init(leafIndex: $0.leafIndex, key: $0.key.description) }
        guard let (leaf, body) = genesis else { return }
        if leaf.hash == card.genesis, body.logKey != card.logKey || body.recoveryHash != card.recoveryHash {
            found.add(.signature, "the card names other keys than the first leaf")
        }
        guard let previous = body.previous else { return }
        found.add(.epochLoss, "after \(previous.size) entries of \(previous.origin)")
        history.previous = previous
        if !holding.contains(1) { found.add(.signature, "the recovery key did not open this epoch in leaf 1") }
    }
}
