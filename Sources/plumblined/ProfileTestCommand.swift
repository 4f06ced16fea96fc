import ArgumentParser
import BrokerClient
import FieldTools
import MQTT
import Profiles
import Readings
import SourceYAML

extension ProfileCommand {
    struct Test: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Decodes the test words of profiles, or all registers of a dump.",
            discussion: """
                  plumblined profile test my-meter.yaml
                  plumblined profile test my-meter.yaml --dump my-meter-dump.yaml
                  plumblined profile test --dump my-meter-dump.yaml

                Without a profile a dump is decoded by the one that it names. With 'expect'
                in the dump the values are compared.
                Exit code 0 when every value is the expected one, 1 when one differs or a
                file has a mistake, 64 for wrong usage.
                """)

        @Argument(help: "Profile files, or folders of them.")
        var files: [String] = []

        @Option(help: "A register dump, as plumblined record writes it.")
        var dump: String?

        @OptionGroup var folder: ProfilesOption

        @Flag(help: "Print one JSON object.")
        var json = false

        func validate() throws {
            if files.isEmpty, dump == nil { throw ValidationError("name a profile, or a dump with --dump") }
            if dump != nil, files.count > 1 { throw ValidationError("--dump goes with one profile") }
        }

        func run() async throws {
            try await Terminal.attempt(exit: 1) {
                if let dump { try testDump(dump) } else { try testWords() }
            }
        }

        private func testWords() throws {
            let reviews = try ToolFiles.profiles(files).map { ProfileCommand.review($0) }
            var failed = false
            var results: [ToolJSON] = []
            for review in reviews {
                for mistake in review.mistakes { Terminal.complain(mistake) }
                guard let profile = review.profile else {
                    failed = true
                    continue
                }
                let outcomes = ProfileTrial(profile).outcomes + MessageTrial.outcomes(profile)
                let wrong = outcomes.filter { !$0.holds }
                failed = failed || !wrong.isEmpty
                if json {
                    results.append(Self.json(review.file, profile, outcomes))
                    continue
                }
                for outcome in wrong {
                    Terminal.say(
                        "plumblined: \(shown(review.file)): \(outcome.point): is \(Self.words(outcome.found, outcome.quality)), expected \(outcome.expected.map { shown($0) } ?? "no value")"
                    )
                }
                Terminal.show(
                    "\(shown(review.file)): \(outcomes.count - wrong.count) of \(outcomes.count) test\(outcomes.count == 1 ? "" : "s") hold\(outcomes.count == 1 ? "s" : "")"
                )
            }
            if json { Terminal.show("\(ToolJSON.members(["good": .bool(!failed), "files": .array(results)]))") }
            if failed { throw ExitCode(1) }
        }

        private func testDump(_ path: String) throws {
            let dump = try RegisterDump.load(try ToolFiles.read(path), file: path)
            guard let name = files.first ?? (dump.profile.isEmpty ? nil : dump.profile) else {
                throw SourceError(file: path, message: "the dump names no profile", hint: "name one before --dump")
            }
            let profile = try ProfileCommand.find(name, in: folder.profiles)
            let points = dump.decoded(profile)
            let differences = dump.differences(profile)
            if json {
                Terminal.show(
                    "\(ToolJSON.members(["dump": .string(path), "profile": .string(profile.id), "device": .string(dump.device), "good": .bool(differences.isEmpty), "points": .array(points.map { Self.json($0) }), "differences": .array(differences.map { .string($0) })]))"
                )
            } else {
                Terminal.show(
                    "\(shown(dump.device)) unit \(dump.unit), \(UTCTime.text(dump.recordedAtMs)), profile \(profile.id)"
                )
                let width = points.map(\.point.id.count).max() ?? 0
                for point in points {
                    let value = point.value.map { shown($0) + (point.point.unit.map { " " + $0 } ?? "") }
                    Terminal.show(
                        "  " + point.point.id + String(repeating: " ", count: width - point.point.id.count) + "  "
                            + (value ?? Self.missing(point.quality)))
                }
                for difference in differences { Terminal.say("plumblined: \(shown(path)): \(difference)") }
                Terminal.say(
                    dump.expect.isEmpty
                        ? "plumblined: the dump expects nothing; compare the values with the device's display"
                        : "plumblined: \(dump.expect.count - differences.count) of \(dump.expect.count) values are as expected"
                )
            }
            if !differences.isEmpty { throw ExitCode(1) }
        }

        private static func missing(_ quality: Quality) -> String {
            quality == .offline ? "not in the dump" : quality.name
        }

        private static func words(_ value: String?, _ quality: Quality) -> String {
            quality == .good ? value.map { shown($0) } ?? "nothing" : quality.name
        }

        private static func json(_ file: String, _ profile: DeviceProfile, _ outcomes: [ProfileTrial.Outcome])
            -> ToolJSON
        {
            .members([
                "file": .string(file), "profile": .string(profile.id),
                "tests": .array(
                    outcomes.map {
                        .members([
                            "point": .string($0.point), "holds": .bool($0.holds), "expected": .text($0.expected),
                            "found": .text($0.found), "quality": .string($0.quality.name),
                        ])
                    }),
            ])
        }

        private static func json(_ point: DecodedPoint) -> ToolJSON {
            .members([
                "point": .string(point.point.id), "value": .text(point.value), "unit": .text(point.point.unit),
                "quality": point.quality == .offline ? .null : .string(point.quality.name),
                "words": .array(point.words.map { .number($0) }),
                "scaleWord": point.scaleWord.map { .number($0) } ?? .null,
            ])
        }
    }
}

/// The test messages of an MQTT profile, through the router of a gateway.
enum MessageTrial {
    static func outcomes(_ profile: DeviceProfile) -> [ProfileTrial.Outcome] {
        let bound = profile.points.enumerated().map {
            BoundPoint(point: PointNumber(UInt32($0.offset) + 1), source: $0.element, everyMs: 0)
        }
        return profile.tests.compactMap { test in
            guard case .payload(let text, let topic) = test.said, let point = profile.point(test.point),
                let number = bound.first(where: { $0.source.id == test.point })?.point
            else { return nil }
            let device = MQTTDevice(device: "root", root: profile.testRoot, profile: profile, points: bound)
            var router = MQTTRouter([device], zones: MQTTZones(building: .utc))
            let reading = MQTTMessage(test: text, topic: topic, of: profile).flatMap { message in
                router.take(message, atMs: 0).readings.first { $0.point == number }
            }
            let quality = reading?.quality ?? .offline
            let found = reading.flatMap { $0.quality == .good ? DecodedPoint.text(point, $0.value) : nil }
            return ProfileTrial.Outcome(
                point: test.point, expected: test.value, found: found, quality: quality,
                holds: ProfileTrial.holds(found, quality, test.value))
        }
    }
}
