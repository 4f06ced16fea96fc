/// The languages the page speaks.
package enum Language: String, CaseIterable, Sendable {
    case en
    case de

    /// The cookie `lang` where it names one of ours, else the best of `Accept-Language` (RFC 9110 section 12.5.4),
    /// else English.
    package static func chosen(cookieHeader: String?, acceptLanguage: String?) -> Language {
        if let value = cookie("lang", in: cookieHeader), let language = Language(rawValue: value) { return language }
        var best: (language: Language, weight: Int)?
        for part in (acceptLanguage ?? "").split(separator: ",").prefix(20) {
            let fields = part.split(separator: ";").map(trimmed)
            guard let tag = fields.first?.lowercased(),
                let language = Language(rawValue: String(tag.prefix { $0 != "-" }))
            else { continue }
            let weight = fields.dropFirst().first { $0.hasPrefix("q=") }.map { thousandths($0.dropFirst(2)) } ?? 1000
            if weight > (best?.weight ?? 0) { best = (language, weight) }
        }
        return best?.language ?? .en
    }

    /// `0.8` as 800; anything else than RFC 9110's qvalue is 0.
    private static func thousandths(_ text: Substring) -> Int {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count <= 2, let whole = Int(parts[0]), whole == 0 || whole == 1 else { return 0 }
        guard parts.count == 2 else { return whole * 1000 }
        let digits = parts[1].prefix(3)
        guard digits.allSatisfy({ $0.isASCII && $0.isNumber }) else { return 0 }
        let padded = digits + String(repeating: "0", count: 3 - digits.count)
        return min(1000, whole * 1000 + (Int(padded) ?? 0))
    }
}

/// The reader's choice of light or dark.
package enum Theme: String, CaseIterable, Sendable {
    case system
    case light
    case dark

    /// The cookie `theme`, else what the reader's system says.
    package static func chosen(cookieHeader: String?) -> Theme {
        cookie("theme", in: cookieHeader).flatMap(Theme.init(rawValue:)) ?? .system
    }
}

/// The first cookie of that name in a `Cookie` header (RFC 6265 section 5.4).
private func cookie(_ name: String, in header: String?) -> String? {
    for pair in (header ?? "").split(separator: ";").prefix(50) {
        let sides = pair.split(separator: "=", maxSplits: 1)
        if sides.count == 2, trimmed(sides[0]) == name { return trimmed(sides[1]) }
    }
    return nil
}

private func trimmed(_ text: Substring) -> String {
    var text = text
    while text.first == " " || text.first == "\t" { text.removeFirst() }
    while text.last == " " || text.last == "\t" { text.removeLast() }
    return String(text)
}
