/// A tree without its mistakes, so that the mistakes after the first can be found too.
extension YAMLNode {
    /// This tree without what stands at a path as errors tell it, `points.m1.energy`; `nil` when nothing stands there.
    package func without(_ path: String) -> YAMLNode? { mended(path) { _ in nil } }

    /// This tree with the key at a path spelled otherwise. `nil` when nothing stands there, or when the mapping has that key already.
    package func renaming(_ path: String, to key: String) -> YAMLNode? {
        guard let owner = owner(of: path), !owner.contains(where: { $0.key == key }) else { return nil }
        return mended(path) { YAMLEntry(key: key, line: $0.line, column: $0.column, value: $0.value) }
    }

    /// The entries beside the one at a path, itself included; `nil` when no mapping holds it.
    private func owner(of path: String) -> [YAMLEntry]? {
        switch content {
        case .scalar: return nil
        case .sequence(let items):
            for item in items where Self.leads(item, to: path) { return item.owner(of: path) }
            return nil
        case .mapping(let entries):
            if entries.contains(where: { $0.value.pathText == path }) { return entries }
            for entry in entries where Self.leads(entry.value, to: path) {
                if let found = entry.value.owner(of: path) { return found }
            }
            return nil
        }
    }

    /// Paths are those that the file had: an item keeps its number when one before it is gone.
    private func mended(_ path: String, _ change: (YAMLEntry) -> YAMLEntry?) -> YAMLNode? {
        switch content {
        case .scalar: return nil
        case .sequence(let items):
            if let index = items.firstIndex(where: { $0.pathText == path }) {
                return with(.sequence(Array(items[..<index] + items[(index + 1)...])))
            }
            for (index, item) in items.enumerated() where Self.leads(item, to: path) {
                guard let mended = item.mended(path, change) else { continue }
                return with(.sequence(Array(items[..<index] + [mended] + items[(index + 1)...])))
            }
            return nil
        case .mapping(let entries):
            if let index = entries.firstIndex(where: { $0.value.pathText == path }) {
                let kept = change(entries[index]).map { [$0] } ?? []
                return with(.mapping(Array(entries[..<index] + kept + entries[(index + 1)...])))
            }
            for (index, entry) in entries.enumerated() where Self.leads(entry.value, to: path) {
                guard let mended = entry.value.mended(path, change) else { continue }
                let new = YAMLEntry(key: entry.key, line: entry.line, column: entry.column, value: mended)
                return with(.mapping(Array(entries[..<index] + [new] + entries[(index + 1)...])))
            }
            return nil
        }
    }

    private static func leads(_ node: YAMLNode, to path: String) -> Bool { path.hasPrefix(node.pathText + ".") }

    private func with(_ content: Content) -> YAMLNode {
        YAMLNode(content: content, file: file, line: line, column: column, path: path)
    }
}

extension SourceError {
    /// What the hint names, when it is a key that was meant: `did you mean 'type'?`
    package var suggestedKey: String? {
        guard message.hasPrefix("unknown key '"), let hint, hint.hasPrefix("did you mean '"), hint.hasSuffix("'?")
        else {
            return nil
        }
        return String(hint.dropFirst("did you mean '".count).dropLast(2))
    }
}
