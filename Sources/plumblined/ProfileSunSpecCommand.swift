import ArgumentParser
import FieldTools
import Profiles
import SourceYAML

extension ProfileCommand {
    struct SunSpec: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "sunspec",
            abstract: "Writes a profile from what a live SunSpec device says of itself.",
            discussion: """
                The file comes on standard output. Points that the device says it has not
                implemented are left out and named: read an inverter by daylight.
                  plumblined profile sunspec tcp://192.0.2.7:502 --unit 126 > new.yaml

                Exit code 0 when there are models with known points, 1 when there are none,
                2 when nobody answers, 64 for wrong usage.
                """)

        @OptionGroup var line: LineOptions

        @Option(help: "Unit id of the device, 0 to 255.")
        var unit: UInt8 = 1

        func validate() throws { _ = try line.settings(timeoutMs: LineOptions.timeoutMs) }

        func run() async throws {
            try await Terminal.attemptOnLine {
                let reader = try FieldLine(try line.settings(timeoutMs: LineOptions.timeoutMs))
                guard let found = try SunSpecFinding.find(unit, reader, isWhole: true) else {
                    Terminal.complain(
                        "no SunSpec marker at 40000, 50000 or 0",
                        hint: "is the unit id right? plumblined scan shows who answers")
                    throw ExitCode(1)
                }
                let profile = found.profile
                do { _ = try profile.profile() } catch {
                    Terminal.complain(
                        "the device lists no model with known points",
                        hint: "plumblined probe --sunspec shows its models")
                    throw ExitCode(1)
                }
                Terminal.show(found.yaml, terminator: "")
                Terminal.say("plumblined: name this file \(profile.id).yaml")
                if !profile.leftOut.isEmpty {
                    Terminal.say("plumblined: \(profile.leftOut.count) points are not implemented now and left out")
                }
            }
        }
    }
}
