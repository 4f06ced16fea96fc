package import Profiles
package import Readings

/// The test words of a profile, decoded by it.
package struct ProfileTrial: Hashable, Sendable {
    package let outcomes: [Outcome]

    package struct Outcome: Hashable, Sendable {
        package let point: String
        /// As the file says it; `nil` for "no value".
        package let expected: String?
        /// As the profile decodes it.
        package let found: String?
        package let quality: Quality
        package let holds: Bool

        package init(point: String, expected: String?, found: String?, quality: Quality, holds: Bool) {
            self.point = point
            self.expected = expected
            self.found = found
            self.quality = quality
            self.holds = holds
        }
    }

    /// Tests with registers; those with messages are the broker's side and are left out.
    package init(_ profile: DeviceProfile) {
        outcomes = profile.tests.compactMap { test in
            guard case .words(let words, let scaleWord) = test.said, let point = profile.point(test.point) else {
                return nil
            }
            let decoded = DecodedPoint(point, words: words, scaleWord: scaleWord)
            return Outcome(
                point: test.point, expected: test.value, found: decoded.value, quality: decoded.quality,
                holds: Self.holds(decoded.value, decoded.quality, test.value))
        }
    }

    /// Whether a decoded value is what a test says; equal numbers are equal however they are written.
    package static func holds(_ found: String?, _ quality: Quality, _ expected: String?) -> Bool {
        guard let expected else { return quality == .noValue }
        guard quality == .good, let found else { return false }
        if found == expected { return true }
        // A flag may be told as the number that it is.
        if let flag = ["true": "1", "false": "0"][found] { return flag == expected }
        guard let left = ExactDecimal(text: found), let right = ExactDecimal(text: expected) else { return false }
        return left == right
    }
}
