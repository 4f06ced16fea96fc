import ArgumentParser
import BlockingThread
import FieldTools
import Gateway
import Modbus
import Profiles
import Synchronization

struct ScanCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scan",
        abstract: "Finds out which unit ids answer on a line, and who they are.",
        discussion: """
            Every answer counts as a device, also a refusal. What answers is asked for
            its name (function 43/14), for SunSpec models and for the words by which
            profiles recognise their device. A silent unit id costs one --timeout.
              plumblined scan tcp://192.0.2.7:502
              plumblined scan rtu:/dev/ttyUSB0 --baud 19200 --units 1-32 --timeout 200ms

            Ctrl-C ends the scan and shows what was found so far.
            Exit code 0 when somebody answers, 1 when nobody does, 2 when the line
            cannot be opened, 64 for wrong usage.
            """)

    @OptionGroup var line: LineOptions

    @Option(help: "Unit ids to ask: 1-247, or 1,5,10-20.")
    var units = "1-247"

    @OptionGroup var folder: ProfilesOption

    @Flag(help: "Print one JSON object at the end.")
    var json = false

    private static let timeoutMs: Int64 = 300

    func validate() throws {
        guard UnitRange(units) != nil else {
            throw ValidationError("--units takes ids from 0 to 255: 1-247, or 1,5,10-20")
        }
        _ = try line.settings(timeoutMs: Self.timeoutMs)
    }

    func run() async throws {
        try await Terminal.attemptOnLine {
            let settings = try line.settings(timeoutMs: Self.timeoutMs)
            let asked = UnitRange(units)?.units ?? []
            let profiles = known()
            let isJSON = json
            let outcome = Mutex<ScanDesk.Outcome?>(nil)
            try await untilSignal {
                let desk = ScanDesk()
                let result = try await desk.scan(settings, asked, profiles) { finding in
                    Terminal.progress("")
                    if !isJSON { for text in finding.lines { Terminal.show(text) } }
                }
                outcome.withLock { $0 = result }
            }
            Terminal.progress("")
            guard let outcome = outcome.withLock({ $0 }) else { throw ExitCode(2) }
            try tell(outcome, asked: asked.count)
        }
    }

    private func tell(_ outcome: ScanDesk.Outcome, asked: Int) throws {
        if json {
            Terminal.show(
                "\(ToolJSON.members(["line": .string(line.url), "asked": .number(outcome.asked), "stopped": .bool(outcome.asked < asked), "units": .array(outcome.found.map(\.json))]))"
            )
        } else {
            let stopped = outcome.asked < asked ? ", stopped" : ""
            Terminal.say(
                "plumblined: \(outcome.found.count) of \(outcome.asked) unit ids answer\(outcome.found.count == 1 ? "s" : "")\(stopped)"
            )
        }
        if outcome.found.count > 8, outcome.found.count == outcome.asked {
            Terminal.say(
                "plumblined: hint: every unit id answers, so this is one device that does not look at the unit id")
        }
        if outcome.found.isEmpty { throw ExitCode(1) }
    }

    /// Without profiles the scan still tells who answers.
    private func known() -> [DeviceProfile] {
        do { return try GatewayPlan.profiles(in: folder.profiles).profiles } catch {
            Terminal.say("plumblined: no profile is recognised: \(error)")
            return []
        }
    }
}

/// The thread on which a scan blocks.
private actor ScanDesk {
    struct Outcome: Sendable {
        var found: [UnitFinding] = []
        var asked = 0
    }

    private let thread = ThreadExecutor(name: "scan")

    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    /// Ends early, with what was found, when the task is cancelled.
    func scan(
        _ settings: ModbusSettings, _ units: [UInt8], _ profiles: [DeviceProfile],
        told: @Sendable (UnitFinding) -> Void
    ) throws -> Outcome {
        let reader = try FieldLine(settings)
        var outcome = Outcome()
        // Some servers answer for absent units with another id, so only a line on which nothing makes sense is an error.
        var garbled = 0
        for unit in units {
            if Task.isCancelled { break }
            Terminal.progress("unit \(unit), \(outcome.found.count) found")
            do throws(FieldReadingError) {
                if let finding = try UnitFinding.ask(unit, reader, profiles: profiles, isStopped: { Task.isCancelled })
                {
                    told(finding)
                    outcome.found.append(finding)
                }
            } catch .garbled {
                garbled += 1
            }
            outcome.asked += 1
        }
        if garbled == units.count { throw FieldReadingError.garbled }
        return outcome
    }
}
