package import SourceYAML

/// Every mistake of one profile file that does not follow from another.
package struct ProfileReview: Sendable {
    /// There when there is no mistake.
    package let profile: DeviceProfile?
    /// In the order of the sections of a profile.
    package let mistakes: [SourceError]

    /// - Parameter file: the name that errors begin with.
    package init(_ text: some Sequence<UInt8>, file: String) {
        let root: YAMLNode
        do throws(SourceError) { root = try DeviceProfile.parse(text, file: file) } catch {
            (profile, mistakes) = (nil, [error])
            return
        }
        var gone: Set<String> = []
        let review = FileReview(
            root, load: { root throws(SourceError) in try DeviceProfile.load(root) },
            follows: { Self.follows($0, from: gone) },
            mend: { root, error in Self.mended(root, after: error, &gone) })
        profile = review.mistakes.isEmpty ? review.value : nil
        mistakes = review.mistakes
    }

    /// A point that was taken out is missed by its tests, and a profile whose points are all taken out has none.
    private static func follows(_ error: SourceError, from gone: Set<String>) -> Bool {
        guard !gone.isEmpty else { return false }
        return error.message == "a profile needs at least one point"
            || gone.contains { error.message == "unknown point '\($0)'" }
    }

    private static func mended(_ root: YAMLNode, after error: SourceError, _ gone: inout Set<String>) -> YAMLNode? {
        switch error.path.prefix(while: { $0 != "." }) {
        case "points":
            guard let point = root.entry(of: "points", at: error) else { return nil }
            gone.insert(point.key)
            return root.without(point.path)
        case "test", "identify":
            return root.without(error.path.split(separator: ".").prefix(2).joined(separator: "."))
        case "defaults", "read", "availability", "revision", "tlv": return root.without(error.path)
        default: return nil
        }
    }
}
