import ArgumentParser
import FieldTools
import Profiles
import SourceYAML

struct ProfileCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "profile",
        abstract:
            "Looks at device profiles: which there are, whether one is right, what it makes of a device's registers.",
        subcommands: [List.self, Check.self, Test.self, SunSpec.self])

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the device profiles of a folder.",
            discussion: """
                  plumblined profile list
                  plumblined profile list --profiles DeviceProfiles --json

                Confidence: A two sources, B one, C check before use.
                Exit code 1 when a file has a mistake; the others are listed.
                """)

        @OptionGroup var folder: ProfilesOption

        @Flag(help: "Print one JSON object.")
        var json = false

        func run() async throws {
            try await Terminal.attempt {
                let files = try ToolFiles.profiles([folder.profiles])
                let reviews = files.map { ProfileCommand.review($0) }
                let profiles = reviews.compactMap(\.profile).sorted { $0.id < $1.id }
                for review in reviews where review.profile == nil {
                    for mistake in review.mistakes.prefix(1) { Terminal.complain(mistake) }
                }
                if json {
                    Terminal.show("\(ToolJSON.members(["profiles": .array(profiles.map { ProfileCommand.json($0) })]))")
                } else {
                    let width = profiles.map(\.id.count).max() ?? 0
                    for profile in profiles {
                        let models = profile.models.joined(separator: ", ")
                        Terminal.show(
                            profile.id + String(repeating: " ", count: width - profile.id.count)
                                + "  \(profile.confidence.rawValue)  \(profile.modbus == nil ? "mqtt  " : "modbus")  "
                                + "\(profile.points.count) point\(profile.points.count == 1 ? "" : "s")  "
                                + shown("\(profile.vendor) \(models)"))
                    }
                }
                if profiles.count < files.count { throw ExitCode(1) }
            }
        }
    }

    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Reads profiles and names every mistake with file, line, column and the nearest known key.",
            discussion: """
                  plumblined profile check my-meter.yaml
                  plumblined profile check DeviceProfiles --json

                Exit code 0 when all are good, 1 when one has a mistake, 64 for wrong usage.
                """)

        @Argument(help: "Profile files, or folders of them.")
        var files: [String]

        @Flag(help: "Print one JSON object.")
        var json = false

        func run() async throws {
            try await Terminal.attempt {
                let reviews = try ToolFiles.profiles(files).map { ProfileCommand.review($0) }
                let mistakes = ProfileCommand.tell(reviews, json: json)
                if mistakes > 0 { throw ExitCode(1) }
            }
        }
    }
}

extension ProfileCommand {
    /// One file and what was found in it.
    struct Review {
        let file: String
        let profile: DeviceProfile?
        let mistakes: [SourceError]
    }

    static func review(_ file: String) -> Review {
        let text: [UInt8]
        do throws(SourceError) { text = try ToolFiles.read(file) } catch {
            return Review(file: file, profile: nil, mistakes: [error])
        }
        let review = ProfileReview(text, file: file)
        guard let profile = review.profile else {
            return Review(file: file, profile: nil, mistakes: review.mistakes)
        }
        guard file.split(separator: "/").last.map(String.init) == profile.id + ".yaml" else {
            let wrong = SourceError(
                file: file, message: "the file holds profile '\(profile.id)'", hint: "name it \(profile.id).yaml")
            return Review(file: file, profile: nil, mistakes: [wrong])
        }
        return Review(file: file, profile: profile, mistakes: [])
    }

    /// Good files on standard output, mistakes on standard error; as JSON all on standard output.
    ///
    /// - Returns: how many mistakes there are.
    static func tell(_ reviews: [Review], json: Bool) -> Int {
        let count = reviews.reduce(0) { $0 + $1.mistakes.count }
        if json {
            let files = reviews.map { review -> ToolJSON in
                .members([
                    "file": .string(review.file), "profile": review.profile.map { Self.json($0) } ?? .null,
                    "mistakes": .array(review.mistakes.map { Self.json($0) }),
                ])
            }
            Terminal.show("\(ToolJSON.members(["good": .bool(count == 0), "files": .array(files)]))")
            return count
        }
        for review in reviews {
            for mistake in review.mistakes { Terminal.complain(mistake) }
            guard let profile = review.profile else { continue }
            Terminal.show("\(shown(review.file)): good: \(Self.counts(profile))")
        }
        if count > 0 {
            let bad = reviews.count { !$0.mistakes.isEmpty }
            Terminal.say(
                "plumblined: \(count) mistake\(count == 1 ? "" : "s") in \(bad) of \(reviews.count) file\(reviews.count == 1 ? "" : "s")"
            )
        }
        return count
    }

    private static func counts(_ profile: DeviceProfile) -> String {
        let (points, tests) = (profile.points.count, profile.tests.count)
        return
            "\(points) point\(points == 1 ? "" : "s"), \(tests) test\(tests == 1 ? "" : "s"), confidence \(profile.confidence.rawValue)"
    }

    static func json(_ profile: DeviceProfile) -> ToolJSON {
        .members([
            "id": .string(profile.id), "revision": .number(profile.revision), "vendor": .string(profile.vendor),
            "models": .array(profile.models.map { .string($0) }),
            "transport": .string(profile.modbus == nil ? "mqtt" : "modbus"),
            "confidence": .string(profile.confidence.rawValue), "points": .number(profile.points.count),
            "tests": .number(profile.tests.count), "hash": .string("\(profile.hash)"),
        ])
    }

    static func json(_ mistake: SourceError) -> ToolJSON {
        .members([
            "file": .string(mistake.file), "line": mistake.line > 0 ? .number(mistake.line) : .null,
            "column": mistake.column > 0 ? .number(mistake.column) : .null, "path": .string(mistake.path),
            "message": .string(mistake.message), "hint": .text(mistake.hint),
        ])
    }

    /// A profile by the name of its file, or by its id in the folder of profiles.
    static func find(_ name: String, in folder: String) throws -> DeviceProfile {
        let isFile = name.contains("/") || name.hasSuffix(".yaml")
        let review = review(isFile ? name : folder + "/" + name + ".yaml")
        if let profile = review.profile { return profile }
        let mistake = review.mistakes.first ?? SourceError(file: name, message: "is no profile")
        guard !isFile, mistake.line == 0 else { throw mistake }
        let names = try ToolFiles.profiles([folder]).map { String($0.dropFirst(folder.count + 1).dropLast(5)) }
        throw SourceError(
            file: mistake.file, message: mistake.message, hint: didYouMean(name, in: names) ?? "plumblined profile list"
        )
    }
}
