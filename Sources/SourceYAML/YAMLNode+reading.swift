/// What a reader of a configuration asks for; every wrong answer is an error with its place.
extension YAMLNode {
    /// Refuses every key that is not known here, naming the nearest one.
    ///
    /// - Parameter context: what the mapping is, for the message: `point m1.energy`. Without it the path is told.
    package func allow(_ keys: [String], in context: String? = nil) throws(SourceError) {
        for entry in try entries() where !keys.contains(entry.key) {
            let place = context ?? (path.isEmpty ? "the file" : pathText)
            throw entry.error(
                "unknown key '\(entry.key)' in \(place)",
                hint: didYouMean(entry.key, in: keys) ?? "known keys: \(keys.joined(separator: ", "))")
        }
    }

    /// The value of a key; `nil` when the key is missing or its value is null, or when this is no mapping.
    package subscript(key: String) -> YAMLNode? {
        guard case .mapping(let entries) = content, let found = entries.first(where: { $0.key == key }) else {
            return nil
        }
        return found.value.isNull ? nil : found.value
    }

    package func required(_ key: String) throws(SourceError) -> YAMLNode {
        if let value = self[key] { return value }
        _ = try entries()
        throw error("key '\(key)' is missing" + (path.isEmpty ? "" : " in \(pathText)"))
    }

    /// Keys and values in the order of the file.
    package func entries() throws(SourceError) -> [YAMLEntry] {
        if case .mapping(let entries) = content { return entries }
        if isNull { return [] }
        throw expected("a mapping (key: value)")
    }

    package func items() throws(SourceError) -> [YAMLNode] {
        if case .sequence(let items) = content { return items }
        throw expected("a list")
    }

    /// Text, quoted or plain; a plain number counts as its characters.
    package func string(sizeBytesMax: Int = 4096) throws(SourceError) -> String {
        guard case .scalar(let text, _) = content, !isNull else { throw expected("text") }
        guard text.utf8.count <= sizeBytesMax else { throw error("longer than \(sizeBytesMax) bytes\(placeWords)") }
        return text
    }

    /// A list of texts, or one text alone.
    package func strings() throws(SourceError) -> [String] {
        guard case .sequence(let items) = content else { return [try string()] }
        var texts: [String] = []
        for item in items { texts.append(try item.string()) }
        return texts
    }

    /// A whole number, decimal or `0x…`.
    package func int(_ range: ClosedRange<Int> = Int.min...Int.max) throws(SourceError) -> Int {
        let words =
            range == Int.min...Int.max
            ? "a whole number" : "a whole number from \(range.lowerBound) to \(range.upperBound)"
        guard case .scalar(let text, isPlain: true) = content, let value = Self.whole(text), range.contains(value)
        else {
            throw expected(words)
        }
        return value
    }

    /// A whole number up to 2⁶⁴−1, decimal or `0x…`.
    package func unsigned() throws(SourceError) -> UInt64 {
        guard case .scalar(let text, isPlain: true) = content,
            let value = text.hasPrefix("0x") ? Self.hex(text.dropFirst(2)) : Self.digits(text)
        else { throw expected("a whole number from 0 to \(UInt64.max)") }
        return value
    }

    package func bool() throws(SourceError) -> Bool {
        switch content {
        case .scalar("true", isPlain: true): return true
        case .scalar("false", isPlain: true): return false
        default: throw expected("true or false")
        }
    }

    /// The characters of a decimal number, such as `0.1` or `-3e-2`; the caller reads them without rounding.
    package func number() throws(SourceError) -> String {
        guard case .scalar(let text, isPlain: true) = content, Self.isNumber(text) else { throw expected("a number") }
        return text
    }

    /// A span such as `500ms`, `10s`, `15m`, `1h`, `2d`, in milliseconds.
    package func duration(_ range: ClosedRange<Int64> = 0...Int64.max) throws(SourceError) -> Int64 {
        guard case .scalar(let text, _) = content, let ms = Self.milliseconds(text) else {
            throw expected("a span such as 500ms, 10s, 15m, 1h or 2d")
        }
        guard range.contains(ms) else {
            throw error(
                "\(text) is outside \(Self.spanText(range.lowerBound)) to \(Self.spanText(range.upperBound))\(placeWords)"
            )
        }
        return ms
    }

    /// One of the known words.
    package func choice(_ words: [String]) throws(SourceError) -> String {
        let text = try string()
        if words.contains(text) { return text }
        throw error(
            "unknown word '\(text.prefix(60))'\(placeWords)",
            hint: didYouMean(text, in: words) ?? "known words: \(words.joined(separator: ", "))")
    }

    /// One of the cases of an enum, by raw value.
    package func choice<Word: RawRepresentable<String> & CaseIterable>(_: Word.Type) throws(SourceError) -> Word {
        let text = try choice(Word.allCases.map(\.rawValue))
        guard let word = Word(rawValue: text) else { throw expected("a known word") }
        return word
    }

    /// The message for a value of another form.
    package func expected(_ words: String) -> SourceError { error("expected \(words)\(placeWords), found \(kindWord)") }
}
