import CanonicalCBOR
import Hashing

/// The two forms of an opening in `31-openings.cbor`: `[item, …]` of a leaf that is opened whole, and
/// `[[0, item] or [1, leaf hash], …]`, with at least one hash, of one that is opened in part.
extension PeriodOpening {
    /// `nil` for elements in no form.
    init?(leafIndex: UInt64, _ elements: [CBOR]) {
        let items = elements.compactMap(\.asBytes)
        if items.count == elements.count {
            self.init(leafIndex: leafIndex, items: items)
            return
        }
        var opening = PeriodOpening(leafIndex: leafIndex, items: [])
        for (place, element) in elements.enumerated() {
            guard let pair = element.asArray, pair.count == 2, let content = pair[1].asBytes else { return nil }
            if pair[0] == .unsigned(0) {
                opening.items.append(content)
            } else if pair[0] == .unsigned(1), let hash = Hash(bytes: content) {
                opening.hidden[place] = hash
            } else {
                return nil
            }
        }
        guard !opening.hidden.isEmpty else { return nil }
        self = opening
    }

    /// The items and hashes in the one form that they have.
    var elements: [CBOR] {
        if hidden.isEmpty { return items.map { .bytes($0) } }
        var shown = items.makeIterator()
        return (0..<items.count + hidden.count).compactMap { place in
            if let hash = hidden[place] { return .array([.unsigned(1), .bytes(hash.bytes)]) }
            return shown.next().map { .array([.unsigned(0), .bytes($0)]) }
        }
    }
}
