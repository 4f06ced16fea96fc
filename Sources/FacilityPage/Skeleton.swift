import FoundationEssentials

/// The one HTML skeleton, cut at its slots once and filled per view and language.
///
/// A slot is `{{key}}`, a word of the catalogue, or `{{=fact}}`. Whatever fills a slot is escaped for text and quoted
/// attributes; the two slots that hold markup of ours are named in `fact`.
enum Skeleton {
    private enum Piece {
        case text(String)
        case word(String)
        case fact(String)
    }

    static func filled(view: View, language: Language, facts: PageFacts) -> String {
        let words = Catalogue.of(language)
        var html = ""
        for piece in pieces {
            switch piece {
            case .text(let text): html += text
            case .word(let key): html += escaped(words[key])
            case .fact(let name): html += fact(name, view, words, facts)
            }
        }
        return html
    }

    private static let pieces: [Piece] = {
        var found: [Piece] = []
        var rest = Substring(String(decoding: PackageResources.skeleton_html, as: UTF8.self))
        while let open = rest.firstRange(of: "{{"), let close = rest[open.upperBound...].firstRange(of: "}}") {
            found.append(.text(String(rest[..<open.lowerBound])))
            let name = rest[open.upperBound..<close.lowerBound]
            found.append(name.hasPrefix("=") ? .fact(String(name.dropFirst())) : .word(String(name)))
            rest = rest[close.upperBound...]
        }
        found.append(.text(String(rest)))
        return found
    }()

    private static func fact(_ name: String, _ view: View, _ words: Catalogue, _ facts: PageFacts) -> String {
        switch name {
        case "lang": return words.language.rawValue
        case "view": return view.rawValue
        case "title": return escaped(words[view.titleKey])
        case "building": return escaped(facts.buildingLabel)
        case "zone": return escaped(facts.timeZone)
        case "theme": return facts.theme.rawValue
        case "v": return Assets.version
        // JSON in a data block: only `<` and `&` could end or change it.
        case "words": return words.jsonInHTML
        default:
            // `here.VIEW` marks the entry of the navigation one is at; the slot stands inside a tag.
            return name == "here." + view.navigation.rawValue ? " aria-current=\"page\"" : ""
        }
    }

    /// Text made safe for element content and for attributes in double quotes.
    static func escaped(_ text: String) -> String {
        var safe = ""
        safe.reserveCapacity(text.utf8.count)
        for character in text.unicodeScalars {
            switch character {
            case "&": safe += "&amp;"
            case "<": safe += "&lt;"
            case ">": safe += "&gt;"
            case "\"": safe += "&quot;"
            case "'": safe += "&#39;"
            default: safe.unicodeScalars.append(character)
            }
        }
        return safe
    }
}

/// The words of one language, the same file the page's modules use.
struct Catalogue: Sendable {
    let language: Language
    /// The file's text with `<`, `>` and `&` written as JSON escapes.
    let jsonInHTML: String
    private let words: [String: String]

    /// A key that is missing shows itself; a test compares the catalogues with what is used.
    subscript(key: String) -> String { words[key] ?? key }

    static func of(_ language: Language) -> Catalogue {
        switch language {
        case .en: english
        case .de: german
        }
    }

    private static let english = Catalogue(.en, PackageResources.en_json)
    private static let german = Catalogue(.de, PackageResources.de_json)

    private init(_ language: Language, _ bytes: [UInt8]) {
        self.language = language
        guard let words = try? JSONDecoder().decode([String: String].self, from: Data(bytes)) else {
            preconditionFailure("the catalogue \(language.rawValue).json is not a flat object of texts")
        }
        self.words = words
        var json = ""
        for character in String(decoding: bytes, as: UTF8.self).unicodeScalars {
            switch character {
            case "<": json += "\\u003c"
            case ">": json += "\\u003e"
            case "&": json += "\\u0026"
            default: json.unicodeScalars.append(character)
            }
        }
        jsonInHTML = json
    }
}
