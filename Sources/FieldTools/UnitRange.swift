/// Unit ids as a person writes them: `1-247`, `1,5,10-20`.
package struct UnitRange: Hashable, Sendable {
    /// In rising order, none twice.
    package let units: [UInt8]

    /// `nil` for anything else, for an empty list and for ids beyond 255.
    package init?(_ text: String) {
        var units: Set<UInt8> = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let ends = part.split(separator: "-", omittingEmptySubsequences: false).map { UInt8($0) }
            guard (1...2).contains(ends.count), let first = ends[0], let last = ends[ends.count - 1], first <= last
            else { return nil }
            units.formUnion(first...last)
        }
        self.units = units.sorted()
    }
}
