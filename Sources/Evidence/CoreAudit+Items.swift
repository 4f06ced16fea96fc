import CanonicalCBOR
import Hashing
import LogEntries
import MerkleLog
import Readings

// Step 6.
extension CoreAudit {
    /// An item whose bytes are not in the file.
    private struct Hidden {
        let configHash: Hash
        let place: Int
        let k: UInt64
        let leafIndex: UInt64
        let isWithheld: Bool
    }

    mutating func checkItems() {
        var hidden: [Hidden] = []
        var learned: [Hash: [Int: UInt32]] = [:]
        var seen: Set<UInt64> = []
        for (index, leaf) in outcome.leaves {
            guard case .interval(let interval) = leaf.body, seen.insert(interval.k).inserted else { continue }
            let items = input.items[interval.k] ?? []
            guard UInt64(items.count) == interval.itemCount else {
                found.add(.itemCount, "interval \(interval.k): \(items.count) of \(interval.itemCount) items")
                continue
            }
            checkInterval(interval, index, items, &hidden, &learned)
        }
        if let stray = input.items.keys.filter({ !seen.contains($0) }).min() {
            found.add(.itemCount, "items of interval \(stray), which is not in the log")
        }
        var erasures = Dictionary(grouping: input.laterErasures, by: \.stream)
        for (index, leaf) in outcome.leaves {
            guard case .erasure(let erasure) = leaf.body, erasure.kFrom <= erasure.kTo else { continue }
            let stream = erasure.stream.rawValue
            erasures[stream, default: []].append(
                Erasure(stream: stream, k: erasure.kFrom...erasure.kTo, leafIndex: index))
        }
        for item in hidden { judge(item, erasures, learned) }
    }

    private mutating func checkInterval(
        _ interval: Leaf.Interval, _ index: UInt64, _ items: [PeriodItem.Content], _ hidden: inout [Hidden],
        _ learned: inout [Hash: [Int: UInt32]]
    ) {
        var tree = Frontier()
        var shown: [(place: Int, form: ItemForm?)] = []
        for (place, item) in items.enumerated() {
            let hash: Hash
            switch item {
            case .shown(let bytes):
                hash = leafHash(bytes)
                shown.append((place, ItemForm(bytes)))
            case .withheld(let stated), .erased(let stated):
                hash = stated
                let isWithheld = if case .withheld = item { true } else { false }
                hidden.append(
                    Hidden(
                        configHash: interval.configHash, place: place, k: interval.k, leafIndex: index,
                        isWithheld: isWithheld))
            }
            tree.append(hash) { _, _, _ in }
        }
        guard tree.root == interval.innerRoot else {
            found.add(.itemHash, "interval \(interval.k)")
            return
        }
        let places = input.places[interval.configHash]
        var isHeld = true
        for (place, form) in shown {
            guard let form else {
                found.add(.nonCanonical, "item \(place) of interval \(interval.k)")
                isHeld = false
                continue
            }
            let expected = places.flatMap { place < $0.count ? $0[place] : nil }
            if form.k != interval.k || form.stream != expected ?? form.stream {
                found.add(.itemHash, "item \(place) of interval \(interval.k)")
                isHeld = false
            } else if places == nil {
                learned[interval.configHash, default: [:]][place] = form.stream
            }
        }
        if isHeld { outcome.held.insert(interval.k) }
    }

    private mutating func judge(_ item: Hidden, _ erasures: [UInt32: [Erasure]], _ learned: [Hash: [Int: UInt32]]) {
        let stream: UInt32?
        if let places = input.places[item.configHash] {
            stream = item.place < places.count ? places[item.place] : nil
        } else {
            stream = learned[item.configHash]?[item.place]
        }
        let isErased =
            stream.map { stream in
                (erasures[stream] ?? []).contains { $0.k.contains(item.k) && $0.leafIndex > item.leafIndex }
            } ?? false
        if isErased {
            found.add(.erased, "stream \(stream ?? 0), interval \(item.k)")
            outcome.erasedItems += 1
        } else if item.isWithheld, !(stream.map(input.disclosed.contains) ?? false) {
            found.add(.withheld, stream.map { "stream \($0)" } ?? "place \(item.place)")
            outcome.withheldItems += 1
        } else {
            found.add(
                .erasedUndeclared, "\(stream.map { "stream \($0)" } ?? "place \(item.place)"), interval \(item.k)")
        }
    }
}

/// An interval item, `[1, stream, k, salt16, payload]`, as far as the audit reads it.
struct ItemForm {
    let stream: UInt32
    let k: UInt64
    let payload: [UInt8]

    static let kind: UInt64 = 1
    static let saltBytes = 16

    /// nil when the bytes are not such an item in canonical form.
    init?(_ bytes: some Collection<UInt8>) {
        guard let fields = (try? CBOR.decode(Array(bytes)))?.asArray,  // any failure: not an item
            fields.count == 5, fields[0] == .unsigned(ItemForm.kind),
            let stream = fields[1].asUnsigned.flatMap({ UInt32(exactly: $0) }), let k = fields[2].asUnsigned,
            let salt = fields[3].asBytes, salt.count == ItemForm.saltBytes, let payload = fields[4].asBytes
        else { return nil }
        self.stream = stream
        self.k = k
        self.payload = payload
    }
}
