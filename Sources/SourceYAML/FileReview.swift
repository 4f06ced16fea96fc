/// Every mistake of one file that does not follow from another, found by taking out what is wrong and reading again.
package struct FileReview<Value> {
    /// Mistakes that are told of one file, at most.
    package static var mistakeCountMax: Int { 50 }
    /// Readings of one file, at most; what follows from a mistake takes a reading too.
    private static var readingCountMax: Int { 400 }

    /// What could be read in the end, without what is wrong; `nil` when the mistakes could not be taken out.
    package let value: Value?
    /// In the order in which they were found, which is that of the sections of the file.
    package let mistakes: [SourceError]

    /// - Parameters:
    ///   - load: reads the tree, throwing its first mistake.
    ///   - follows: whether a mistake is only there because something was taken out.
    ///   - mend: the tree without the mistake; `nil` when it cannot go on. Keys that are unknown are mended already.
    package init(
        _ root: YAMLNode, load: (YAMLNode) throws(SourceError) -> Value, follows: (SourceError) -> Bool,
        mend: (YAMLNode, SourceError) -> YAMLNode?
    ) {
        var root = root
        var mistakes: [SourceError] = []
        for _ in 0..<Self.readingCountMax {
            do throws(SourceError) {
                let value = try load(root)
                (self.value, self.mistakes) = (value, mistakes)
                return
            } catch {
                if !follows(error) { mistakes.append(error) }
                guard mistakes.count < Self.mistakeCountMax, let mended = Self.spelled(root, error) ?? mend(root, error)
                else { break }
                root = mended
            }
        }
        (value, self.mistakes) = (nil, mistakes)
    }

    /// An unknown key is read as the one that was meant, or goes.
    private static func spelled(_ root: YAMLNode, _ error: SourceError) -> YAMLNode? {
        guard error.message.hasPrefix("unknown key '") else { return nil }
        if let key = error.suggestedKey, let renamed = root.renaming(error.path, to: key) { return renamed }
        return root.without(error.path)
    }
}

extension FileReview: Sendable where Value: Sendable {}

extension YAMLNode {
    /// The entry of one of the sections in which a mistake lies, such as `points.m1.energy`: its key and its path. Keys may hold
    /// dots; the longest that leads to the mistake is meant.
    package func entry(of section: String, at error: SourceError) -> (key: String, path: String)? {
        guard let node = self[section], case .mapping(let entries) = node.content else { return nil }
        return entries.map { ($0.key, $0.value.pathText) }
            .filter { error.path == $0.1 || error.path.hasPrefix($0.1 + ".") }
            .max { $0.1.utf8.count < $1.1.utf8.count }
    }
}
