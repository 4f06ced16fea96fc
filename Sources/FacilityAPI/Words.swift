package import FacilityPage

/// The languages of titles, details and sentences; nothing else in an answer depends on them.
package typealias PageLanguage = Language

/// One sentence in both languages.
package struct Words: Hashable, Sendable {
    package let en: String
    package let de: String

    package init(_ en: String, _ de: String) {
        self.en = en
        self.de = de
    }

    package func text(_ language: PageLanguage) -> String { language == .de ? de : en }
}

/// One entry of an `Accept…` header, heaviest first, ties in the header's order.
struct Preference: Equatable {
    let name: String
    /// Thousandths, 0…1000.
    let weight: Int

    static let countMax = 32

    static func parse(_ header: String) -> [Preference] {
        let entries = header.lowercased().split(separator: ",").prefix(countMax).map { entry -> Preference in
            let parts = entry.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" } }
            let weight = parts.dropFirst().first { $0.hasPrefix("q=") }.flatMap { thousandths($0.dropFirst(2)) }
            return Preference(name: parts.first ?? "", weight: weight ?? 1000)
        }
        return entries.enumerated().sorted { ($1.element.weight, $0.offset) < ($0.element.weight, $1.offset) }.map(
            \.element)
    }

    private static func thousandths(_ text: Substring) -> Int? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard let whole = parts.first.flatMap({ Int($0) }), whole == 0 || whole == 1, parts.count <= 2 else {
            return nil
        }
        let digits = parts.count == 2 ? String(parts[1].prefix(3)) : ""
        guard let part = Int(digits.padding(to: 3)) else { return nil }
        return min(1000, whole * 1000 + max(0, part))
    }
}

extension String {
    fileprivate func padding(to count: Int) -> String {
        self + String(repeating: "0", count: max(0, count - self.count))
    }
}
