import Testing

/// Goal: what the style page asks for and a machine can see. Method: the manifest and the sources read as text.
struct HouseRulesTests {
    let plan: FloorPlan

    init() throws { plan = try FloorPlan() }

    static let pureRooms: Set<String> = [
        "Readings", "Profiles", "CanonicalCBOR", "TwinModel", "BuildingFile", "Hashing", "MerkleLog", "LogEntries",
        "Tangle", "TimeStamping", "Evidence", "Reporting", "FieldTools",
    ]
    static let doors: Set<String> = ["plumblined", "plumbline", "plumbline-watch", "plumbline-bench"]

    @Test func `the plan was read`() {
        #expect(plan.sources.count > 40)
        #expect(plan.opensOnto.count > 20)
        #expect(plan.opensOnto["Evidence"]?.contains("Tangle") == true)
    }

    @Test func `the auditor's door never opens onto the ledger or the gateway`() {
        let reached = plan.reach(from: "plumbline")
        #expect(reached.contains("Evidence"))
        let forbidden: Set<String> = [
            "LedgerStore", "Gateway", "Capture", "Anchoring", "TangleClient", "Modbus", "MQTT", "BrokerClient",
            "SourceYAML", "CModbus", "CMosquitto", "CSQLite", "CYAML", "LocalTangle", "FacilityAPI", "Disclosure",
        ]
        #expect(reached.intersection(forbidden) == [])
    }

    @Test func `the watcher never opens onto the ledger or the gateway`() {
        let reached = plan.reach(from: "Watching")
        #expect(reached.isSuperset(of: ["Witness", "WitnessClient", "Evidence"]))
        let forbidden: Set<String> = [
            "LedgerStore", "Gateway", "Capture", "Anchoring", "Disclosure", "FacilityAPI", "Modbus", "MQTT", "CSQLite",
            "LocalTangle",
        ]
        #expect(reached.intersection(forbidden) == [])
    }

    @Test func `a pure room imports no clock, file, socket, logger or randomness`() {
        let outside: Set<String> = [
            "Glibc", "Foundation", "Dispatch", "Logging", "NIOCore", "NIOPosix", "Hummingbird", "AsyncHTTPClient",
            "ServiceLifecycle", "CSQLite", "CModbus", "CMosquitto", "BlockingThread", "BrokerClient", "LedgerStore",
        ]
        for file in plan.sources where Self.pureRooms.contains(file.room) {
            let found = outside.intersection(file.imports)
            #expect(found == [], "\(file.path) imports \(found.sorted())")
        }
    }

    @Test func `a pure room asks for no time and no random number by itself`() {
        let calls = [
            "Date()", "Date.now", "ContinuousClock()", "SystemRandomNumberGenerator()", ".random(in", "clock_gettime",
            "getenv(",
        ]
        for file in plan.sources where Self.pureRooms.contains(file.room) {
            for (number, line) in file.lines.enumerated() where !line.contains("///") {
                let found = calls.filter { line.contains($0) }
                #expect(found == [], "\(file.path):\(number + 1)")
            }
        }
    }

    @Test func `every C library is imported by one room`() {
        for library in ["CYAML", "CModbus", "CMosquitto", "CSQLite", "CHash", "CCurl"] {
            let rooms = Set(plan.sources.filter { $0.imports.contains(library) }.map(\.room))
            #expect(rooms.count == 1, "\(library) is imported by \(rooms.sorted())")
        }
    }

    @Test func `full Foundation stays outside the programs`() {
        for file in plan.sources { #expect(!file.imports.contains("Foundation"), "\(file.path)") }
    }

    @Test func `only the front doors print`() {
        for file in plan.sources where !Self.doors.contains(file.room) {
            for (number, line) in file.lines.enumerated() {
                let code = line.split(separator: "//", maxSplits: 1, omittingEmptySubsequences: false).first ?? ""
                #expect(code.firstMatch(of: /(?:^|[^.\w])print\(/) == nil, "\(file.path):\(number + 1)")
            }
        }
    }

    @Test func `no source file is longer than 400 lines`() {
        // What a generator wrote from a committed .proto is as long as that makes it; nobody reads or edits it.
        for file in plan.sources where !file.path.hasSuffix(".pb.swift") {
            #expect(file.lines.count <= 400, "\(file.path) has \(file.lines.count) lines")
        }
    }

    @Test func `nothing is forced, swallowed or left unfinished`() {
        for file in plan.sources {
            for (number, line) in file.lines.enumerated() where !line.contains("//") {
                #expect(!line.contains("try!"), "\(file.path):\(number + 1)")
                #expect(line.firstMatch(of: /\b(TODO|FIXME|XXX|HACK)\b/) == nil, "\(file.path):\(number + 1)")
            }
        }
    }

    @Test func `tests wait for conditions and never sleep`() {
        let sleeps = ["Task.sl" + "eep", "usl" + "eep(", "Thread.sl" + "eep"]
        for file in plan.tests {
            for (number, line) in file.lines.enumerated() {
                #expect(sleeps.allSatisfy { !line.contains($0) }, "\(file.path):\(number + 1)")
            }
        }
    }
}
