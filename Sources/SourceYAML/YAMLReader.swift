/// Bounds of a file that a person writes; beyond them it is refused.
package struct YAMLLimits: Sendable {
    package var sizeBytesMax = 4 * 1024 * 1024
    /// Mappings and lists inside each other.
    package var depthMax = 24
    /// Scalars, lists and mappings together.
    package var nodeCountMax = 400_000

    package init() {}
}

extension YAMLNode {
    /// Reads one YAML document. Anchors, aliases, tags, a second document and equal keys in one mapping are refused.
    ///
    /// - Parameter file: the name that errors begin with.
    package static func parse(
        _ text: some Sequence<UInt8>, file: String, limits: YAMLLimits = YAMLLimits()
    ) throws(SourceError) -> YAMLNode {
        let bytes = Array(text)
        guard bytes.count <= limits.sizeBytesMax else {
            throw SourceError(file: file, message: "the file is larger than \(limits.sizeBytesMax) bytes")
        }
        let events = EventSource(bytes: bytes, file: file)
        var builder = TreeBuilder(events: events, file: file, limits: limits)
        return try builder.document()
    }

    package static func parse(_ text: String, file: String, limits: YAMLLimits = YAMLLimits()) throws(SourceError)
        -> YAMLNode
    {
        try parse(text.utf8, file: file, limits: limits)
    }
}

/// Events to tree.
private struct TreeBuilder {
    let events: EventSource
    let file: String
    let limits: YAMLLimits
    var nodeCount = 0

    init(events: EventSource, file: String, limits: YAMLLimits) {
        self.events = events
        self.file = file
        self.limits = limits
    }

    mutating func document() throws(SourceError) -> YAMLNode {
        var event = try events.next()
        while event.kind == .ignored { event = try events.next() }
        if event.kind == .end { throw SourceError(file: file, line: 1, column: 1, message: "the file is empty") }
        let root = try node(event, path: [], depth: 0)
        event = try events.next()
        while event.kind == .ignored { event = try events.next() }
        guard event.kind == .end else { throw error(event, "a second document; one file holds one document") }
        return root
    }

    private mutating func node(_ event: Event, path: [String], depth: Int) throws(SourceError) -> YAMLNode {
        nodeCount += 1
        guard nodeCount <= limits.nodeCountMax else { throw error(event, "more than \(limits.nodeCountMax) values") }
        guard depth <= limits.depthMax else { throw error(event, "nested deeper than \(limits.depthMax)") }
        switch event.kind {
        case .scalar(let text, let isPlain):
            return make(.scalar(text, isPlain: isPlain), event, path)
        case .sequenceStart:
            var items: [YAMLNode] = []
            while true {
                let next = try events.next()
                if next.kind == .sequenceEnd { return make(.sequence(items), event, path) }
                items.append(try node(next, path: path + [String(items.count)], depth: depth + 1))
            }
        case .mappingStart:
            return make(.mapping(try entries(path: path, depth: depth)), event, path)
        case .sequenceEnd, .mappingEnd, .end, .ignored:
            throw error(event, "a value is missing")
        }
    }

    private mutating func entries(path: [String], depth: Int) throws(SourceError) -> [YAMLEntry] {
        var entries: [YAMLEntry] = []
        var lines: [String: Int] = [:]
        while true {
            let event = try events.next()
            if event.kind == .mappingEnd { return entries }
            guard case .scalar(let key, _) = event.kind else { throw error(event, "a key must be a word") }
            nodeCount += 1
            if let first = lines[key] { throw error(event, "key '\(key)' stands twice, first in line \(first)") }
            lines[key] = event.line
            let value = try node(try events.next(), path: path + [key], depth: depth + 1)
            entries.append(YAMLEntry(key: key, line: event.line, column: event.column, value: value))
        }
    }

    private func make(_ content: YAMLNode.Content, _ event: Event, _ path: [String]) -> YAMLNode {
        YAMLNode(content: content, file: file, line: event.line, column: event.column, path: path)
    }

    private func error(_ event: Event, _ message: String) -> SourceError {
        SourceError(file: file, line: event.line, column: event.column, message: message)
    }
}
