import BuildingFile
import FoundationEssentials
import Profiles
package import SourceYAML

extension GatewayPlan {
    /// Every mistake of configuration, profiles and building that does not follow from another; empty when `run` would start.
    ///
    /// A file with mistakes does not hide those of the others.
    package static func mistakes(configurationPath: String) -> [SourceError] {
        var mistakes: [SourceError] = []
        let configuration: GatewayConfiguration?
        do throws(SourceError) {
            let bytes = try read(configurationPath)
            let review = GatewayConfiguration.review(
                bytes, file: configurationPath, folder: folder(of: configurationPath))
            mistakes += review.mistakes
            configuration = review.value
        } catch { return [error] }
        guard let configuration else { return mistakes }
        let profiles = reviewedProfiles(in: configuration.profilesPath)
        mistakes += profiles.mistakes
        // Without a single profile every device would be wrong.
        guard !profiles.good.isEmpty else { return mistakes }
        do throws(SourceError) {
            let library = try ProfileLibrary(files: profiles.good)
            let building = String(decoding: try read(configuration.buildingPath), as: UTF8.self)
            let review = BuildingReview(
                text: building, file: configuration.buildingPath, profiles: library, broken: profiles.broken)
            mistakes += review.mistakes
        } catch { mistakes.append(error) }
        guard mistakes.isEmpty else { return mistakes }
        // What hangs together, and what lies outside the three files.
        do {
            try load(configurationPath: configurationPath).checkSurroundings()
            return []
        } catch let error as SourceError { return [error] } catch {
            return [SourceError(file: configurationPath, message: "\(error)")]
        }
    }

    /// The profiles of a folder: those without a mistake, the ids of the others, and what is wrong.
    private static func reviewedProfiles(
        in folder: String
    ) -> (good: [(name: String, text: [UInt8])], broken: Set<String>, mistakes: [SourceError]) {
        // The sentence below says which folder; why it cannot be read does not matter.
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: folder) else {
            let mistake = SourceError(
                file: folder, message: "the folder of device profiles cannot be read",
                hint: "set profiles: in plumbline.yaml")
            return ([], [], [mistake])
        }
        var good: [(name: String, text: [UInt8])] = []
        var broken: Set<String> = []
        var mistakes: [SourceError] = []
        for name in names.sorted() where name.hasSuffix(".yaml") {
            do throws(SourceError) {
                let bytes = try read(folder + "/" + name)
                let review = ProfileReview(bytes, file: folder + "/" + name)
                mistakes += review.mistakes
                // The library has its own rules, about names of files.
                if review.mistakes.isEmpty { _ = try ProfileLibrary(files: [(folder + "/" + name, bytes)]) }
                if review.profile != nil {
                    good.append((folder + "/" + name, bytes))
                } else {
                    broken.insert(String(name.dropLast(5)))
                }
            } catch {
                mistakes.append(error)
                broken.insert(String(name.dropLast(5)))
            }
        }
        if good.isEmpty, mistakes.isEmpty {
            mistakes.append(SourceError(file: folder, message: "no device profile (*.yaml) lies here"))
        }
        return (good, broken, mistakes)
    }
}

extension GatewayConfiguration {
    /// The configuration as far as it can be read, and every mistake in it.
    static func review(_ text: [UInt8], file: String, folder: String) -> FileReview<GatewayConfiguration> {
        let root: YAMLNode
        do throws(SourceError) { root = try YAMLNode.parse(text, file: file) } catch {
            return FileReview(
                YAMLNode(content: .mapping([]), file: file, line: 1, column: 1, path: []),
                load: { _ throws(SourceError) in throw error }, follows: { _ in false }, mend: { _, _ in nil })
        }
        return FileReview(
            root, load: { root throws(SourceError) in try parse(root, folder: folder) }, follows: { _ in false },
            mend: { root, error in
                // A section goes as a whole: what is left of it would only be missed. These two nothing runs without.
                let section = String(error.path.prefix { $0 != "." })
                return ["gateway", "building", ""].contains(section) ? nil : root.without(section)
            })
    }
}
