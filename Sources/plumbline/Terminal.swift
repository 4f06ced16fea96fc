import Glibc
import Reporting

/// Results go to standard output, everything else to standard error with the program's name in front.
enum Terminal {
    /// A result. Throws when it did not arrive; a reader that went away before the end is no failure.
    static func show(_ text: String) throws(Failure) { try show(bytes: Array((text + "\n").utf8)) }

    /// A part of a result, as it is.
    static func show(bytes: [UInt8]) throws(Failure) {
        guard let code = put(bytes, to: STDOUT_FILENO), code != EPIPE else { return }
        throw Failure("standard output cannot be written: \(plain(String(cString: strerror(code))))")
    }

    /// A complaint that cannot be written has nowhere else to go.
    static func complain(_ message: String, hint: String? = nil) {
        _ = put(Array("plumbline: \(message)\n".utf8), to: STDERR_FILENO)
        if let hint { _ = put(Array("plumbline: hint: \(hint)\n".utf8), to: STDERR_FILENO) }
    }

    /// A line that replaces itself; only on a terminal.
    static func progress(_ text: String) {
        guard isatty(STDERR_FILENO) == 1 else { return }
        _ = put(Array("\r\u{1b}[K\(text)".utf8), to: STDERR_FILENO)
    }

    /// A sentence as errors are written here: lower case at the start, no full stop.
    static func plain(_ sentence: String) -> String {
        var text = sentence.split(separator: "\n").first.map(String.init) ?? sentence
        if text.hasPrefix("Error: ") { text.removeFirst("Error: ".count) }
        while text.last == "." { text.removeLast() }
        guard let first = text.first, text.dropFirst().first?.isUppercase != true else { return text }
        return first.lowercased() + text.dropFirst()
    }

    enum Colour: String {
        case red = "31"
        case green = "32"
        case yellow = "33"
        case bold = "1"
    }

    /// Off with NO_COLOR set to anything but nothing (no-color.org), and where the terminal has none.
    private static let hasColours =
        isatty(STDOUT_FILENO) == 1 && (environment("NO_COLOR") ?? "").isEmpty && environment("TERM") != "dumb"

    private static func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

    static func paint(_ text: String, _ colour: Colour) -> String {
        hasColours ? "\u{1b}[\(colour.rawValue)m\(text)\u{1b}[0m" : text
    }

    /// Text of others, such as names inside a file, without what would steer a terminal.
    static func safe(_ text: String) -> String {
        SafeText.of(text)
    }

    /// JSON with the same values, in which what would steer a terminal is written as `\u009b`. Inside strings alone can it stand.
    static func safe(json: String) -> String {
        guard json.unicodeScalars.contains(where: SafeText.isSteering) else { return json }
        var text = String.UnicodeScalarView()
        for scalar in json.unicodeScalars {
            guard SafeText.isSteering(scalar) else {
                text.append(scalar)
                continue
            }
            let digits = String(scalar.value, radix: 16)
            text.append(contentsOf: ("\\u" + String(repeating: "0", count: 4 - digits.count) + digits).unicodeScalars)
        }
        return String(text)
    }

    /// The error number when not all could be written.
    static func put(_ text: [UInt8], to descriptor: Int32) -> Int32? {
        var bytes = text[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return count < 0 ? errno : EIO }
            bytes = bytes.dropFirst(count)
        }
        return nil
    }
}
