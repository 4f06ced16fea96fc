import CYAML

/// One step of the file, with the place where it begins.
struct Event {
    let kind: Kind
    let line: Int
    let column: Int

    enum Kind: Equatable {
        case scalar(String, isPlain: Bool)
        case sequenceStart, sequenceEnd, mappingStart, mappingEnd
        /// Begin and end of the document.
        case ignored
        /// Nothing follows.
        case end
    }
}

/// libyaml's parser over bytes in memory.
final class EventSource {
    private let parser: UnsafeMutablePointer<yaml_parser_t>
    private let input: UnsafeMutableBufferPointer<UInt8>
    private let file: String

    init(bytes: [UInt8], file: String) {
        self.file = file
        input = .allocate(capacity: max(bytes.count, 1))
        _ = input.initialize(from: bytes)
        parser = .allocate(capacity: 1)
        parser.initialize(to: yaml_parser_t())
        let isReady = yaml_parser_initialize(parser)
        precondition(isReady == 1, "no memory for a YAML parser")
        yaml_parser_set_input_string(parser, input.baseAddress, bytes.count)
        yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
    }

    deinit {
        yaml_parser_delete(parser)
        parser.deallocate()
        input.deallocate()
    }

    /// The next event; anchors, aliases and tags are thrown at.
    func next() throws(SourceError) -> Event {
        var event = yaml_event_t()
        guard yaml_parser_parse(parser, &event) == 1 else { throw problem() }
        defer { yaml_event_delete(&event) }
        let line = Int(clamping: event.start_mark.line) + 1
        let column = Int(clamping: event.start_mark.column) + 1
        func refuse(_ message: String) -> SourceError {
            SourceError(file: file, line: line, column: column, message: message)
        }
        func plain(_ anchor: UnsafeMutablePointer<UInt8>?, _ tag: UnsafeMutablePointer<UInt8>?) throws(SourceError) {
            if anchor != nil { throw refuse("anchors (&name) are not used here; write the value out") }
            if tag != nil { throw refuse("tags (!name) are not used here; remove it") }
        }
        let kind: Event.Kind
        switch event.type {
        case YAML_SCALAR_EVENT:
            try plain(event.data.scalar.anchor, event.data.scalar.tag)
            let bytes = UnsafeBufferPointer(start: event.data.scalar.value, count: event.data.scalar.length)
            guard let text = String(validating: bytes, as: UTF8.self) else { throw refuse("the text is not UTF-8") }
            kind = .scalar(text, isPlain: event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
        case YAML_SEQUENCE_START_EVENT:
            try plain(event.data.sequence_start.anchor, event.data.sequence_start.tag)
            kind = .sequenceStart
        case YAML_MAPPING_START_EVENT:
            try plain(event.data.mapping_start.anchor, event.data.mapping_start.tag)
            kind = .mappingStart
        case YAML_ALIAS_EVENT: throw refuse("aliases (*name) are not used here; write the value out")
        case YAML_SEQUENCE_END_EVENT: kind = .sequenceEnd
        case YAML_MAPPING_END_EVENT: kind = .mappingEnd
        case YAML_STREAM_END_EVENT: kind = .end
        case YAML_NO_EVENT: kind = .end
        default: kind = .ignored
        }
        return Event(kind: kind, line: line, column: column)
    }

    private func problem() -> SourceError {
        let words = parser.pointee.problem.map { String(cString: $0) } ?? "it cannot be read"
        if parser.pointee.error == YAML_READER_ERROR {
            let offset = Int(clamping: parser.pointee.problem_offset)
            let before = input[..<min(offset, input.count)]
            let line = before.count(where: { $0 == 0x0A }) + 1
            let column = before.count - (before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0) + 1
            return SourceError(
                file: file, line: line, column: column, message: "not YAML: \(words)", hint: "the file must be UTF-8")
        }
        let mark = parser.pointee.problem_mark
        return SourceError(
            file: file, line: Int(clamping: mark.line) + 1, column: Int(clamping: mark.column) + 1,
            message: "not YAML: \(words)")
    }
}
