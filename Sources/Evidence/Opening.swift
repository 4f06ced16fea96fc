package import Hashing
package import LogEntries
import MerkleLog
import Readings

/// Items behind a commitment or an inner root. What cannot be decoded is `E_ITEM_MALFORMED`, so no error is lost here.
package enum Opening {
    /// What is wrong with `items` as what `leaf` commits to; empty when they are.
    ///
    /// `hidden` are leaf hashes in the place of items that are not shown, by place: an access or a snapshot may be opened
    /// in part.
    package static func judge(_ leaf: Leaf, _ items: [[UInt8]], hidden: [Int: Hash] = [:]) -> [FindingCode] {
        switch leaf.body {
        case .event(let event):
            return commitment(items, hidden, .event, event.stream, event.commitment) { bytes in
                (try? EventPayload.decode(bytes)).map { $0.kind.utf8.elementsEqual(event.kind.utf8) } ?? false
            }
        case .command(let command):
            return commitment(items, hidden, .command, command.stream, command.commitment) { bytes in
                (try? CommandPayload.decode(bytes)) != nil
            }
        case .access(let access):
            return tree(items, hidden, access.itemCount, access.innerRoot) { bytes in
                (try? AccessItem.decode(bytes))?.k == access.k
            }
        case .snapshot(let snapshot):
            let found = tree(items, hidden, snapshot.itemCount, snapshot.innerRoot) { bytes in
                (try? SnapshotItem.decode(bytes))?.number == snapshot.number
            }
            let sizeBytes = UInt64(items.reduce(0) { $0 + $1.count })
            let isOfSize = hidden.isEmpty ? sizeBytes == snapshot.sizeBytes : sizeBytes < snapshot.sizeBytes
            return found.isEmpty && !isOfSize ? [.itemCount] : found
        default:
            return [.itemMalformed]
        }
    }

    private static func commitment(
        _ items: [[UInt8]], _ hidden: [Int: Hash], _ type: Commitment.LeafType, _ stream: StreamNumber,
        _ commitment: Hash,
        isPayload: ([UInt8]) -> Bool
    ) -> [FindingCode] {
        guard items.count == 1, hidden.isEmpty else { return [.itemCount] }
        guard leafHash(items[0]) == commitment else { return [.itemHash] }
        guard let form = try? Commitment.decode(items[0]),  // none: malformed
            form.leafType == type, form.stream == stream,
            isPayload(form.payload)
        else { return [.itemMalformed] }
        return []
    }

    private static func tree(
        _ items: [[UInt8]], _ hidden: [Int: Hash], _ count: UInt64, _ root: Hash, isItem: ([UInt8]) -> Bool
    ) -> [FindingCode] {
        guard UInt64(items.count + hidden.count) == count else { return [.itemCount] }
        var shown = items.makeIterator()
        let hashes = (0..<items.count + hidden.count).compactMap { place in
            hidden[place] ?? shown.next().map { leafHash($0) }
        }
        guard hashes.count == items.count + hidden.count, MerkleTree.root(of: hashes) == root else {
            return [.itemHash]
        }
        return items.allSatisfy(isItem) ? [] : [.itemMalformed]
    }
}
