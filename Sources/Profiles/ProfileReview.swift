package import SourceYAML

/// Every mistake of one profile file that does not follow from another.
package struct ProfileReview: Sendable {
    /// Mistakes that are told of one file, at most.
    package static let mistakeCountMax = 50

    /// There when there is no mistake.
    package let profile: DeviceProfile?
    /// In the order in which they were found, which is that of the sections of a profile.
    package let mistakes: [SourceError]

    /// - Parameter file: the name that errors begin with.
    package init(_ text: some Sequence<UInt8>, file: String) {
        var root: YAMLNode
        do throws(SourceError) { root = try DeviceProfile.parse(text, file: file) } catch {
            (profile, mistakes) = (nil, [error])
            return
        }
        var mistakes: [SourceError] = []
        var gone: Set<String> = []
        // Each turn takes at least one node out of the tree, or ends.
        while mistakes.count < Self.mistakeCountMax {
            do throws(SourceError) {
                let profile = try DeviceProfile.load(root)
                (self.profile, self.mistakes) = (mistakes.isEmpty ? profile : nil, mistakes)
                return
            } catch {
                let follows = Self.follows(error, from: gone)
                if !follows { mistakes.append(error) }
                guard let mended = Self.mended(root, after: error, &gone) else { break }
                root = mended
            }
        }
        (profile, self.mistakes) = (nil, mistakes)
    }

    /// A point that was taken out is missed by its tests, and a profile whose points are all taken out has none.
    private static func follows(_ error: SourceError, from gone: Set<String>) -> Bool {
        guard !gone.isEmpty else { return false }
        return error.message == "a profile needs at least one point"
            || gone.contains { error.message == "unknown point '\($0)'" }
    }

    private static func mended(_ root: YAMLNode, after error: SourceError, _ gone: inout Set<String>) -> YAMLNode? {
        if error.message.hasPrefix("unknown key '") {
            if let key = error.suggestedKey, let renamed = root.renaming(error.path, to: key) { return renamed }
            return root.without(error.path)
        }
        let section = error.path.prefix { $0 != "." }
        switch section {
        case "points":
            // A point's id may hold dots; the longest that leads to the mistake is meant.
            guard let points = root["points"], case .mapping(let entries) = points.content else { return nil }
            let meant = entries.filter {
                error.path == $0.value.pathText || error.path.hasPrefix($0.value.pathText + ".")
            }
            guard let point = meant.max(by: { $0.value.pathText.utf8.count < $1.value.pathText.utf8.count }) else {
                return nil
            }
            gone.insert(point.key)
            return root.without(point.value.pathText)
        case "test", "identify":
            let item = error.path.split(separator: ".").prefix(2).joined(separator: ".")
            return item == error.path || item.contains(".") ? root.without(item) : nil
        case "defaults", "read", "availability", "revision":
            return root.without(error.path)
        default: return nil
        }
    }
}
