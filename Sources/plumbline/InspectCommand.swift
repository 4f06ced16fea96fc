import ArgumentParser
import Evidence
import Hashing
import MerkleLog
import Tangle

struct InspectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect",
        abstract: "Shows what is inside a file, a block or a note. Judges nothing.",
        discussion: """
            Takes an evidence file, a policy card, a checkpoint (signed note), a milestone
            payload or the bytes of a block; a block may also be given as hexadecimal. What
            it is, is seen from its bytes; 'block', 'note' and so on in front of it say so.
            In place of a file, - is standard input.

            Examples:
              plumbline inspect house-16.evidence
              plumbline inspect house-16.evidence --json
              plumbline inspect block 0x0201…
              plumbline inspect note checkpoint

            Exit codes: 0 shown, 2 could not be read, 64 wrong usage.
            """)

    @Argument(help: "block, note, card, milestone, period or reading (optional), then the file or the hexadecimal.")
    var input: [String]

    @Flag(help: "Print one JSON object.")
    var json = false

    enum Kind: String, CaseIterable {
        case period, reading, card, note, block, milestone
    }

    mutating func run() throws {
        let kind: Kind?
        switch input.count {
        case 1: kind = nil
        case 2:
            guard let stated = Kind(rawValue: input[0]) else {
                throw Failure(
                    "'\(Terminal.safe(input[0]))' is no kind of input",
                    hint: "one of \(Kind.allCases.map(\.rawValue).joined(separator: ", "))", code: Failure.usageCode)
            }
            kind = stated
        default: throw Failure("one input is expected, \(input.count) were given", code: Failure.usageCode)
        }
        let name = input[input.count - 1]
        let bytes = try Self.content(name, kind)
        let inspection = try Self.inspect(bytes, kind ?? Self.guess(bytes), name)
        try Terminal.show(json ? Terminal.safe(json: inspection.json.text) : inspection.text)
    }

    /// A file's bytes, or what hexadecimal on the command line says.
    private static func content(_ name: String, _ kind: Kind?) throws(Failure) -> [UInt8] {
        let digits = name.hasPrefix("0x") ? String(name.dropFirst(2)) : name
        let bytesMin = 32
        if kind == .block || kind == .milestone || kind == nil, digits.utf8.count >= 2 * bytesMin,
            let bytes = bytes(hex: digits.lowercased())
        {
            return bytes
        }
        return try FileInput.read(name)
    }

    /// Each form is tried in turn; what fits none is tried as a reading file, whose error is shown.
    private static func guess(_ bytes: [UInt8]) -> Kind {
        if bytes.count >= 512, bytes[257..<262].elementsEqual("ustar".utf8) { return .period }
        if bytes.starts(with: "plumbline-card/".utf8) { return .card }
        if bytes.starts(with: [7, 0, 0, 0]), (try? Milestone.parse(bytes)) != nil { return .milestone }
        if (try? Block.parse(bytes)) != nil { return .block }
        if let text = String(validating: bytes, as: UTF8.self), SignedNote(text) != nil { return .note }
        return .reading
    }

    /// An error case in words: `parentCount(108)` becomes `parent count (108)`.
    private static func spaced(_ name: String) -> String {
        var text = ""
        for letter in name {
            if letter.isUppercase || letter == "(", text.last?.isLowercase == true { text.append(" ") }
            text.append(contentsOf: letter.lowercased())
        }
        return text
    }

    private static func inspect(_ bytes: [UInt8], _ kind: Kind, _ name: String) throws(Failure) -> Inspection {
        do {
            switch kind {
            case .period: return .period(try PeriodFile.parse(bytes))
            case .reading: return .reading(try ReadingFile.parse(bytes))
            case .card: return .card(try PolicyCard.parse(bytes))
            case .milestone: return .milestone(try Milestone.parse(bytes))
            case .block: return .block(try Block.parse(bytes), bytes)
            case .note:
                guard let text = String(validating: bytes, as: UTF8.self), let note = SignedNote(text) else {
                    throw Stop(.malformed, "it is not a signed note")
                }
                return .note(note)
            }
        } catch {
            let what = (error as? Stop).map { $0.about ?? $0.code.rawValue } ?? spaced("\(error)")
            throw Failure(
                "\(FileInput.name(of: name)) is not a whole \(kind.rawValue == "reading" ? "evidence file" : kind.rawValue): \(Terminal.safe(what))",
                hint: "'plumbline help inspect' lists what can be shown")
        }
    }
}
