/// Which of the known names somebody probably meant.
package enum NearestName {
    /// The candidate with the fewest single-character changes (insert, delete, replace, swap of neighbours), ignoring case and
    /// `_ - .`; `nil` when even the best needs more than a third of the name. Ties go to the first in byte order.
    package static func find(_ name: String, in candidates: some Sequence<String>) -> String? {
        let wanted = folded(name)
        guard !wanted.isEmpty, wanted.count <= 96 else { return nil }
        let allowed = max(2, wanted.count / 3)
        var best: (distance: Int, name: String)?
        for candidate in candidates {
            let other = folded(candidate)
            guard other.count <= 96, abs(other.count - wanted.count) <= allowed else { continue }
            let distance = distance(wanted, other)
            guard distance <= allowed else { continue }
            if let found = best, (found.distance, found.name) <= (distance, candidate) { continue }
            best = (distance, candidate)
        }
        return best?.name
    }

    private static func folded(_ name: String) -> [UInt8] {
        name.utf8.compactMap { byte in
            switch byte {
            case UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: " "): nil
            case 0x41...0x5A: byte + 0x20
            default: byte
            }
        }
    }

    /// Optimal string alignment distance.
    private static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        var twoBack = [Int](repeating: 0, count: b.count + 1)
        var back = Array(0...b.count)
        for i in 0..<a.count {
            var row = [Int](repeating: 0, count: b.count + 1)
            row[0] = i + 1
            for j in 0..<b.count {
                let replaced = back[j] + (a[i] == b[j] ? 0 : 1)
                row[j + 1] = min(replaced, back[j + 1] + 1, row[j] + 1)
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { row[j + 1] = min(row[j + 1], twoBack[j - 1] + 1) }
            }
            twoBack = back
            back = row
        }
        return back[b.count]
    }
}
