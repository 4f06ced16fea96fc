package import Profiles
package import SourceYAML
package import TwinModel

/// Every mistake of one building file that does not follow from another.
package struct BuildingReview: Sendable {
    /// There when there is no mistake.
    package let building: Building?
    /// In the order of the sections of the file.
    package let mistakes: [SourceError]

    /// - Parameters:
    ///   - file: the name that errors begin with.
    ///   - profiles: those that could be read.
    ///   - broken: ids of profiles whose file has a mistake; a device that has one of them is not wrong for that.
    package init(text: String, file: String, profiles: ProfileLibrary, broken: Set<String> = []) {
        let root: YAMLNode
        do throws(SourceError) { root = try YAMLNode.parse(text, file: file) } catch {
            (building, mistakes) = (nil, [error])
            return
        }
        var gone: Set<String> = []
        let review = FileReview(
            root, load: { root throws(SourceError) in try BuildingFile.load(root, profiles: profiles) },
            follows: { error in
                gone.contains {
                    error.message.contains("unknown device '\($0)'") || error.message.contains("unknown entity '\($0)'")
                } || broken.contains { error.message.contains("unknown profile '\($0)'") }
            },
            mend: { root, error in Self.mended(root, after: error, &gone) })
        building = review.mistakes.isEmpty ? review.value : nil
        mistakes = review.mistakes
    }

    private static func mended(_ root: YAMLNode, after error: SourceError, _ gone: inout Set<String>) -> YAMLNode? {
        switch error.path.prefix(while: { $0 != "." }) {
        case "entities":
            // A wrong relation or label goes alone, so that what names the entity still finds it.
            guard let entity = root.entry(of: "entities", at: error) else { return nil }
            if error.path != entity.path, !error.path.hasPrefix(entity.path + ".type") {
                return root.without(error.path)
            }
            gone.insert(entity.key)
            return root.without(entity.path)
        case "devices":
            guard let device = root.entry(of: "devices", at: error) else { return nil }
            gone.insert(device.key)
            return root.without(device.path)
        case "points":
            guard let point = root.entry(of: "points", at: error) else { return nil }
            return root.without(point.path)
        case "label": return root.without(error.path)
        default: return nil
        }
    }
}
