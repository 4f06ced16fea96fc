/// Curl-P-81, one hash at a time (TIP-12 uses it for the score only, never for security).
///
/// The plain version: the oracle of the tests, what an auditor runs, and the second opinion on every nonce that the
/// fast search finds.
package enum Curl {
    package static let hashTrits = 243
    package static let stateTrits = 729
    package static let rounds = 81

    /// Hash of a whole number of 243-trit blocks, at least one, each trit −1, 0 or +1; nil for any other input.
    package static func hash(_ input: [Int8]) -> [Int8]? {
        guard !input.isEmpty, input.count.isMultiple(of: hashTrits), input.allSatisfy({ (-1...1).contains($0) }) else {
            return nil
        }
        var state = [Int8](repeating: 0, count: stateTrits)
        for start in stride(from: 0, to: input.count, by: hashTrits) {
            state.replaceSubrange(0..<hashTrits, with: input[start..<(start + hashTrits)])
            transform(&state)
        }
        return Array(state[0..<hashTrits])
    }

    private static func transform(_ state: inout [Int8]) {
        var next = [Int8](repeating: 0, count: stateTrits)
        for _ in 0..<rounds {
            var from = 0
            for place in 0..<stateTrits {
                let other = from < 365 ? from + 364 : from - 365
                next[place] = truth[Int(state[from]) + 4 * Int(state[other]) + 5]
                from = other
            }
            swap(&state, &next)
        }
    }

    /// Indexed by a + 4·b + 5; 2 stands where no pair of trits leads.
    private static let truth: [Int8] = [1, 0, -1, 2, 1, -1, 0, 2, -1, 1, 0]
}
