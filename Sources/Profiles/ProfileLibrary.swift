package import SourceYAML

/// Every profile a gateway knows. Reading the files is the caller's part.
package struct ProfileLibrary: Sendable {
    /// In alphabetical order of id.
    package let profiles: [DeviceProfile]
    private let byID: [String: DeviceProfile]

    /// - Parameter files: name and content; a name is the profile's id and `.yaml`, with or without folders in front.
    package init(files: [(name: String, text: [UInt8])]) throws(SourceError) {
        var byID: [String: DeviceProfile] = [:]
        for file in files.sorted(by: { $0.name < $1.name }) {
            let profile = try DeviceProfile.load(file.text, file: file.name)
            let name = file.name.split(separator: "/").last.map(String.init) ?? file.name
            guard name == profile.id + ".yaml" else {
                throw SourceError(
                    file: file.name, message: "the file holds profile '\(profile.id)'",
                    hint: "name it \(profile.id).yaml")
            }
            guard byID.updateValue(profile, forKey: profile.id) == nil else {
                throw SourceError(file: file.name, message: "profile '\(profile.id)' stands in two files")
            }
        }
        self.byID = byID
        profiles = byID.values.sorted { $0.id < $1.id }
    }

    package func profile(_ id: String) -> DeviceProfile? { byID[id] }

    package var ids: [String] { profiles.map(\.id) }
}
