import Hashing
package import LogEntries
import MerkleLog
import Readings

/// Items behind a commitment or an inner root. What cannot be decoded is `E_ITEM_MALFORMED`, so no error is lost here.
package enum Opening {
    /// What is wrong with `items` as what `leaf` commits to; empty when they are.
    package static func judge(_ leaf: Leaf, _ items: [[UInt8]]) -> [FindingCode] {
        switch leaf.body {
        case .event(let event):
            return commitment(items, .event, event.stream, event.commitment) { bytes in
                (try? EventPayload.decode(bytes)).map { $0.kind.utf8.elementsEqual(event.kind.utf8) } ?? false
            }
        case .command(let command):
            return commitment(items, .command, command.stream, command.commitment) { bytes in
                (try? CommandPayload.decode(bytes)) != nil
            }
        case .access(let access):
            return tree(items, access.itemCount, access.innerRoot) { bytes in
                (try? AccessItem.decode(bytes))?.k == access.k
            }
        case .snapshot(let snapshot):
            let found = tree(items, snapshot.itemCount, snapshot.innerRoot) { bytes in
                (try? SnapshotItem.decode(bytes))?.number == snapshot.number
            }
            let isWhole = UInt64(items.reduce(0) { $0 + $1.count }) == snapshot.sizeBytes
            return found.isEmpty && !isWhole ? [.itemCount] : found
        default:
            return [.itemMalformed]
        }
    }

    private static func commitment(
        _ items: [[UInt8]], _ type: Commitment.LeafType, _ stream: StreamNumber, _ commitment: Hash,
        isPayload: ([UInt8]) -> Bool
    ) -> [FindingCode] {
        guard items.count == 1 else { return [.itemCount] }
        guard leafHash(items[0]) == commitment else { return [.itemHash] }
        guard let form = try? Commitment.decode(items[0]),  // none: malformed
            form.leafType == type, form.stream == stream,
            isPayload(form.payload)
        else { return [.itemMalformed] }
        return []
    }

    private static func tree(
        _ items: [[UInt8]], _ count: UInt64, _ root: Hash, isItem: ([UInt8]) -> Bool
    ) -> [FindingCode] {
        guard UInt64(items.count) == count else { return [.itemCount] }
        guard innerRoot(of: items) == root else { return [.itemHash] }
        return items.allSatisfy(isItem) ? [] : [.itemMalformed]
    }
}
