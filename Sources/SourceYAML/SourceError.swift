/// A mistake in a file that a person wrote, with the place and the way out.
///
/// `building.yaml:12:5: unknown key 'tpye' in point m1.energy; did you mean 'type'?`
package struct SourceError: Error, Hashable, Sendable, CustomStringConvertible {
    package let file: String
    /// From 1; 0 when the mistake is about the file as a whole.
    package let line: Int
    /// From 1, in characters; 0 when the mistake is about the file as a whole.
    package let column: Int
    /// Keys from the top of the file, joined by dots: `points.m1.energy.type`. Empty at the top.
    package let path: String
    package let message: String
    /// What to do next: `did you mean 'type'?`
    package let hint: String?

    package init(file: String, line: Int = 0, column: Int = 0, path: String = "", message: String, hint: String? = nil)
    {
        self.file = file
        self.line = line
        self.column = column
        self.path = path
        self.message = message
        self.hint = hint
    }

    package var description: String {
        let place = line > 0 ? "\(file):\(line):\(column)" : file
        return "\(place): \(message)" + (hint.map { "; \($0)" } ?? "")
    }
}

/// The hint that names the nearest known word, when one is near enough to be a slip of the hand.
package func didYouMean(_ word: String, in known: some Sequence<String>) -> String? {
    nearest(word, in: known).map { "did you mean '\($0)'?" }
}

/// The known word with the fewest edits (insert, delete, replace, swap of neighbours); `nil` when more than a third of the
/// letters would have to change. Of equally near words the first in alphabetical order.
package func nearest(_ word: String, in known: some Sequence<String>) -> String? {
    let letters = Array(word.lowercased().unicodeScalars.prefix(wordLettersMax))
    var best: (distance: Int, word: String)?
    for candidate in known {
        let other = Array(candidate.lowercased().unicodeScalars.prefix(wordLettersMax))
        let bound = max(1, (max(letters.count, other.count) + 1) / 3)
        guard abs(letters.count - other.count) <= bound else { continue }
        let distance = edits(letters, other)
        guard distance <= bound else { continue }
        if let known = best, (known.distance, known.word) <= (distance, candidate) { continue }
        best = (distance, candidate)
    }
    return best?.word
}

/// Longer words are compared by their beginning.
private let wordLettersMax = 64

/// Optimal string alignment distance.
private func edits(_ a: [Unicode.Scalar], _ b: [Unicode.Scalar]) -> Int {
    var beforeLast = [Int](repeating: 0, count: b.count + 1)
    var last = Array(0...b.count)
    for (i, letter) in a.enumerated() {
        var row = [i + 1] + [Int](repeating: 0, count: b.count)
        for (j, other) in b.enumerated() {
            row[j + 1] = min(last[j + 1] + 1, row[j] + 1, last[j] + (letter == other ? 0 : 1))
            if i > 0, j > 0, letter == b[j - 1], a[i - 1] == other {
                row[j + 1] = min(row[j + 1], beforeLast[j - 1] + 1)
            }
        }
        beforeLast = last
        last = row
    }
    return last[b.count]
}
