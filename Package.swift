// swift-tools-version: 6.2
// The floor plan: rooms in the order a value travels. A room opens only onto what stands in its line.

import PackageDescription

let house: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

func room(
    _ name: String, _ opensOnto: [Target.Dependency] = [], exclude: [String] = [], resources: [Resource] = []
) -> Target {
    .target(name: name, dependencies: opensOnto, exclude: exclude, resources: resources, swiftSettings: house)
}

func door(_ name: String, _ opensOnto: [Target.Dependency]) -> Target {
    .executableTarget(name: name, dependencies: opensOnto, swiftSettings: house)
}

func tests(_ name: String, _ opensOnto: [Target.Dependency], exclude: [String] = []) -> Target {
    .testTarget(name: name, dependencies: opensOnto + ["TestTools"], exclude: exclude, swiftSettings: house)
}

let commit = Context.gitInformation.map { String($0.currentCommit.prefix(12)) + ($0.hasUncommittedChanges ? "+" : "") }

let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
let cryptoExtras = Target.Dependency.product(name: "CryptoExtras", package: "swift-crypto")
let asn1 = Target.Dependency.product(name: "SwiftASN1", package: "swift-asn1")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
let lifecycle = Target.Dependency.product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals = Target.Dependency.product(name: "UnixSignals", package: "swift-service-lifecycle")
let arguments = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
let nioCore = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioHTTP1 = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
let nioPosix = Target.Dependency.product(name: "NIOPosix", package: "swift-nio")
let nioSSL = Target.Dependency.product(name: "NIOSSL", package: "swift-nio-ssl")
let httpClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let coreMetrics = Target.Dependency.product(name: "CoreMetrics", package: "swift-metrics")
let protobuf = Target.Dependency.product(name: "SwiftProtobuf", package: "swift-protobuf")
let hummingbird: [Target.Dependency] = [
    .product(name: "Hummingbird", package: "hummingbird"),
    .product(name: "HummingbirdCore", package: "hummingbird"),
    httpTypes, nioCore, logging, lifecycle,
]

let package = Package(
    name: "plumbline",
    products: [
        .executable(name: "plumblined", targets: ["plumblined"]),
        .executable(name: "plumbline", targets: ["plumbline"]),
        .executable(name: "plumbline-watch", targets: ["plumbline-watch"]),
        .executable(name: "plumbline-bench", targets: ["plumbline-bench"]),
    ],
    dependencies: [
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0", traits: []),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0", traits: []),
    ],
    targets: [
        // Measured: the vocabulary, the device files, the wires.
        room("Readings"),
        .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1"),
        room("SourceYAML", ["CYAML"]),
        room("Profiles", ["Readings", "SourceYAML", "CanonicalCBOR", "Hashing"]),
        room("BlockingThread"),
        .systemLibrary(name: "CModbus", pkgConfig: "libmodbus"),
        room("Modbus", ["Readings", "Profiles", "BlockingThread", "CModbus"]),
        .systemLibrary(name: "CMosquitto", pkgConfig: "libmosquitto"),
        room("SparkplugPayload", [protobuf], exclude: ["sparkplug.proto"]),
        room("BrokerClient", ["BlockingThread", "CMosquitto"]),
        room("MQTT", ["Readings", "Profiles", "BlockingThread", "SparkplugPayload", "BrokerClient"]),

        // Changes the twin.
        room("CanonicalCBOR"),
        room("TwinModel", ["Readings", "CanonicalCBOR", "Hashing"]),
        room("BuildingFile", ["Readings", "Hashing", "SourceYAML", "TwinModel", "Profiles"]),

        // Is written down.
        .target(name: "CHash"),
        room("Hashing", ["CHash"]),
        room("MerkleLog", ["Hashing", crypto]),
        room("LogEntries", ["Readings", "CanonicalCBOR", "Hashing", "MerkleLog"]),
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3"),
        room(
            "LedgerStore",
            [
                "Readings", "TwinModel", "CanonicalCBOR", "Hashing", "LogEntries", "MerkleLog", "BlockingThread",
                "CSQLite", crypto,
            ]),
        room(
            "Capture", ["Readings", "TwinModel", "CanonicalCBOR", "Hashing", "LogEntries", "MerkleLog", "LedgerStore"]),

        // Is set: the flow back to the field.
        room(
            "Commanding",
            ["Readings", "Profiles", "TwinModel", "CanonicalCBOR", "Hashing", "LogEntries", "LedgerStore", "Capture"]),

        // Is remembered off the box.
        room("Witness", ["Hashing", "MerkleLog", crypto]),
        room("WitnessClient", ["MerkleLog", "Witness", httpClient, nioCore, nioHTTP1]),

        // Is tied to the Tangle.
        .target(name: "CCurl"),
        room("ProofOfWork", ["Hashing", "CCurl"]),
        room("Tangle", ["Hashing", "ProofOfWork", crypto]),
        room("TimeStamping", ["Hashing", crypto, cryptoExtras, asn1]),
        room(
            "TangleClient",
            ["Hashing", "Tangle", "TimeStamping", "BrokerClient", httpClient, nioCore, nioHTTP1, nioPosix]),
        room(
            "Anchoring",
            [
                "Readings", "Hashing", "CanonicalCBOR", "LogEntries", "MerkleLog", "ProofOfWork", "Tangle",
                "TangleClient", "Witness", "WitnessClient", "TimeStamping", "LedgerStore", "Capture", logging,
            ]),

        // Is checked and shown.
        room(
            "Evidence",
            [
                "Readings", "CanonicalCBOR", "Hashing", "LogEntries", "MerkleLog", "ProofOfWork", "Tangle",
                "TimeStamping", crypto,
            ]),
        room(
            "Disclosure",
            [
                "Readings", "TwinModel", "CanonicalCBOR", "Hashing", "LogEntries", "MerkleLog", "Tangle", "Evidence",
                "LedgerStore",
            ]),
        room(
            "Scrubbing",
            [
                "Readings", "TwinModel", "CanonicalCBOR", "Hashing", "LogEntries", "MerkleLog", "Tangle",
                "TimeStamping", "Evidence", "LedgerStore", logging,
            ]),
        room("Reporting", ["Readings", "CanonicalCBOR", "Hashing", "LogEntries", "Tangle", "Evidence"]),
        room("Tables", ["Readings"]),
        room("GracefulEnd", [lifecycle, logging]),
        room("FacilityPage", [], resources: [.embedInCode("Web")]),
        room(
            "FacilityAPI",
            [
                "Readings", "TwinModel", "Hashing", "LogEntries", "Evidence", "Disclosure", "Commanding",
                "MetricsExport", "Tables",
                "FacilityPage", "GracefulEnd", nioSSL,
            ]
                + hummingbird),

        room(
            "Watching",
            [
                "Hashing", "LogEntries", "MerkleLog", "Tangle", "TangleClient", "Evidence", "Witness", "WitnessClient",
                "GracefulEnd",
            ] + hummingbird),

        // Is run.
        room("FieldTools", ["Readings", "SourceYAML", "Profiles"]),
        room("MetricsExport", [coreMetrics]),
        .target(name: "CBuildInfo", cSettings: [.define("PLUMBLINE_COMMIT", to: "\"\(commit ?? "unknown")\"")]),
        .target(name: "CMemory"),
        room("LocalTangle", ["Hashing", "ProofOfWork", "Tangle", "BrokerClient", "GracefulEnd", crypto] + hummingbird),
        room("Simulation", ["Readings", "Profiles", "Modbus", "BrokerClient", "BlockingThread", logging]),
        room(
            "Gateway",
            [
                "CBuildInfo", "CMemory", "Readings", "SourceYAML", "Profiles", "BlockingThread", "Modbus",
                "BrokerClient",
                "MQTT",
                "CanonicalCBOR", "TwinModel", "BuildingFile", "Hashing", "MerkleLog", "LogEntries", "LedgerStore",
                "Capture", "ProofOfWork",
                "Tangle", "TangleClient", "WitnessClient", "TimeStamping", "Anchoring", "Evidence", "Disclosure",
                "Commanding", "MetricsExport", "Scrubbing", "FacilityAPI", "LocalTangle", crypto, coreMetrics,
                .product(name: "HummingbirdTLS", package: "hummingbird"), nioSSL, nioHTTP1,
                httpClient,
            ] + hummingbird),
        door(
            "plumblined",
            [
                "CBuildInfo", "Readings", "SourceYAML", "Profiles", "Modbus", "BrokerClient", "MQTT", "BlockingThread",
                "FieldTools", "LedgerStore", "Scrubbing", "Gateway", "Simulation", "LocalTangle", arguments, logging,
                lifecycle, unixSignals,
            ]),
        door(
            "plumbline",
            [
                "CBuildInfo", "Readings", "CanonicalCBOR", "Hashing", "LogEntries", "MerkleLog", "ProofOfWork",
                "Tangle", "TimeStamping", "Evidence", "Reporting", "Tables", arguments,
            ]),

        door(
            "plumbline-watch",
            [
                "CBuildInfo", "Hashing", "MerkleLog", "BrokerClient", "TangleClient", "Evidence", "Witness",
                "WitnessClient",
                "Watching", arguments, logging, unixSignals,
            ]),

        .target(name: "CBenchLoops", dependencies: ["CModbus", "CMosquitto"]),
        door(
            "plumbline-bench",
            [
                "CBuildInfo", "CBenchLoops", "Readings", "SourceYAML", "Profiles", "BlockingThread", "Modbus",
                "BrokerClient", "MQTT",
                "TwinModel", "BuildingFile", "CanonicalCBOR", "Hashing", "MerkleLog", "LogEntries", "LedgerStore",
                "Capture", "Gateway", "ProofOfWork", "Tangle", "Anchoring", "Evidence", arguments, logging,
            ]),

        // What each room promises. Every test opens onto the tools.
        .target(
            name: "TestTools", dependencies: ["Readings", "Hashing"], path: "Tests/TestTools", swiftSettings: house),
        tests("HouseRulesTests", []),
        tests("ReadingsTests", ["Readings"]),
        tests("SourceYAMLTests", ["SourceYAML"]),
        tests("ProfilesTests", ["Readings", "SourceYAML", "Profiles"]),
        tests("FieldToolsTests", ["Readings", "SourceYAML", "Profiles", "FieldTools"]),
        tests("ModbusTests", ["Readings", "Profiles", "Modbus", "BlockingThread"]),
        tests("BlockingThreadTests", ["BlockingThread"]),
        tests("SparkplugPayloadTests", ["SparkplugPayload", protobuf]),
        tests("BrokerClientTests", ["BrokerClient"]),
        tests("MQTTTests", ["Readings", "SourceYAML", "Profiles", "SparkplugPayload", "BrokerClient", "MQTT"]),
        tests("CanonicalCBORTests", ["CanonicalCBOR"]),
        tests("TwinModelTests", ["Readings", "CanonicalCBOR", "Hashing", "TwinModel"]),
        tests(
            "BuildingFileTests",
            ["Readings", "CanonicalCBOR", "Hashing", "SourceYAML", "TwinModel", "Profiles", "BuildingFile"]),
        tests("HashingTests", ["Hashing", crypto]),
        tests("MerkleLogTests", ["Hashing", "MerkleLog", crypto]),
        tests("LogEntriesTests", ["Readings", "CanonicalCBOR", "Hashing", "MerkleLog", "LogEntries"]),
        tests(
            "LedgerStoreTests",
            ["Readings", "TwinModel", "CanonicalCBOR", "Hashing", "MerkleLog", "LogEntries", "LedgerStore", "CSQLite"]),
        tests(
            "CaptureTests",
            [
                "Readings", "TwinModel", "CanonicalCBOR", "Hashing", "MerkleLog", "LogEntries", "LedgerStore",
                "Capture",
            ]),
        tests(
            "CommandingTests",
            [
                "Readings", "SourceYAML", "Profiles", "TwinModel", "BuildingFile", "CanonicalCBOR", "Hashing",
                "MerkleLog",
                "LogEntries", "LedgerStore", "Capture", "Commanding",
            ]),
        tests("MetricsExportTests", ["MetricsExport", coreMetrics]),
        tests("WitnessTests", ["Hashing", "MerkleLog", "Witness"]),
        tests(
            "WatchingTests",
            [
                "Hashing", "LogEntries", "MerkleLog", "Tangle", "BrokerClient", "TangleClient", "LocalTangle",
                "Evidence",
                "Witness", "WitnessClient", "Watching", logging,
            ]),
        tests("ProofOfWorkTests", ["Hashing", "ProofOfWork"]),
        tests("TangleTests", ["Hashing", "ProofOfWork", "Tangle", crypto]),
        // An authority for time stamps that lives as long as a test.
        .target(name: "StampTesting", dependencies: [crypto], path: "Tests/StampTesting", swiftSettings: house),
        // A small building with a real ledger, on a clock that moves when told to.
        .target(
            name: "SiteTesting",
            dependencies: [
                "Readings", "TwinModel", "Hashing", "LogEntries", "MerkleLog", "Tangle", "Evidence", "LedgerStore",
                "Capture", "Disclosure",
            ], path: "Tests/SiteTesting", swiftSettings: house),
        tests("TimeStampingTests", ["Hashing", "TimeStamping", "StampTesting", crypto]),
        tests("TangleClientTests", ["Hashing", "Tangle", "TimeStamping", "BrokerClient", "TangleClient"]),
        tests(
            "LocalTangleTests",
            [
                "Hashing", "ProofOfWork", "Tangle", "TangleClient", "BrokerClient", "LocalTangle", httpClient, nioCore,
                nioHTTP1,
            ]),
        tests(
            "AnchoringTests",
            [
                "Readings", "TwinModel", "CanonicalCBOR", "Hashing", "LogEntries", "MerkleLog", "ProofOfWork",
                "Tangle", "BrokerClient", "TangleClient", "Witness", "WitnessClient", "TimeStamping", "LedgerStore",
                "Capture", "Anchoring", "LocalTangle", "Evidence", "Disclosure", "StampTesting", logging,
            ]),
        // A log in memory with its anchors, honest or lying.
        .target(
            name: "LogTesting",
            dependencies: [
                "Readings", "CanonicalCBOR", "Hashing", "LogEntries", "MerkleLog", "Tangle", "Evidence", crypto,
            ], path: "Tests/LogTesting", swiftSettings: house),
        tests(
            "EvidenceTests",
            [
                "Readings", "CanonicalCBOR", "Hashing", "LogEntries", "MerkleLog", "ProofOfWork", "Tangle",
                "TimeStamping", "Evidence", "Witness", "LogTesting", crypto,
            ]),
        tests(
            "ScrubbingTests",
            [
                "Readings", "CanonicalCBOR", "Hashing", "LogEntries", "MerkleLog", "LedgerStore", "Capture",
                "SiteTesting", "Scrubbing", "CSQLite", logging,
            ]),
        tests(
            "DisclosureTests",
            [
                "Readings", "TwinModel", "CanonicalCBOR", "Hashing", "LogEntries", "MerkleLog", "ProofOfWork", "Tangle",
                "TangleClient", "LocalTangle", "Evidence", "LedgerStore", "Capture", "Anchoring", "Disclosure",
                "SiteTesting", logging,
            ]),
        tests(
            "ThreatTests",
            [
                "Readings", "CanonicalCBOR", "Hashing", "LogEntries", "MerkleLog", "Tangle", "Evidence", "LedgerStore",
                "Capture", "Disclosure", "Witness", "WitnessClient", "Anchoring", "LogTesting", "SiteTesting",
            ]),
        tests("FacilityPageTests", ["FacilityPage"]),
        tests(
            "FacilityAPITests",
            [
                "Readings", "Profiles", "TwinModel", "Hashing", "LogEntries", "MerkleLog", "Evidence", "LedgerStore",
                "Capture", "Disclosure", "Commanding", "MetricsExport", "Tables", "FacilityPage", "FacilityAPI",
                httpClient, nioHTTP1,
            ] + hummingbird),
        tests("ReportingTests", ["Readings", "Hashing", "Tangle", "Evidence", "Reporting"]),
        tests("TablesTests", ["Readings", "Tables"]),
        tests(
            "SimulationTests",
            [
                "Readings", "SourceYAML", "Profiles", "Modbus", "BrokerClient", "MQTT", "TwinModel", "BuildingFile",
                "Simulation",
            ]),
        tests(
            "GatewayTests",
            [
                "CMemory", "Readings", "SourceYAML", "Profiles", "Modbus", "BrokerClient", "MQTT", "Hashing",
                "MerkleLog",
                "LogEntries",
                "LedgerStore", "TwinModel", "Capture", "Anchoring", "Commanding", "Disclosure", "MetricsExport",
                "LocalTangle", "TangleClient", "Gateway", logging,
            ]),
    ]
)
