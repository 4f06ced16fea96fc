package import BrokerClient

/// Everything `plumbline.yaml` says, checked. Keys, ranges and defaults stand in `Docs/operate.md`.
package struct GatewayConfiguration: Sendable, Equatable {
    /// First part of the log's origin.
    package var gateway: String
    package var buildingPath: String
    package var profilesPath = "/usr/share/plumbline/profiles"
    package var dataPath = "/var/lib/plumbline"
    package var log = Log()
    package var api = API()
    package var mqtt: MQTT?
    package var anchors = Anchors()
    /// The memory off the box; empty: none.
    package var witnesses: [WitnessAddress] = []
    /// An RFC 3161 authority that stamps checkpoints; `nil` asks none.
    package var timeStamp: TimeStamp?
    /// The network's nodes; `nil` runs the development node inside.
    package var tangle: Tangle?
    package var localTangle = LocalTangle()
    /// Below this many free bytes gauges are no longer taken.
    package var freeSpaceFloorBytes: UInt64 = 256 << 20
    package var journal = JournalLevel.info

    package struct Log: Sendable, Equatable {
        package var periodMs: Int64 = 60_000
        package var snapshotEveryMs: Int64 = 3_600_000
        /// Everything stored is read again within this time.
        package var rereadWithinMs: Int64 = 30 * 86_400_000
    }

    package struct API: Sendable, Equatable {
        package var host = "127.0.0.1"
        package var port: UInt16 = 8420
        /// PEM files; both or none.
        package var certificatePath: String?
        package var keyPath: String?
        package var metrics = MetricsAccess.token

        package var isLoopback: Bool {
            let parts = host.split(separator: ".", omittingEmptySubsequences: false)
            let isV4 = parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
            return isV4 || host == "::1" || host == "localhost"
        }
    }

    /// Who may ask for `/metrics`.
    package enum MetricsAccess: String, Sendable, CaseIterable {
        /// Whoever has a token, as for everything else.
        case token
        /// Everybody; on loopback only.
        case open
    }

    package struct Anchors: Sendable, Equatable {
        package var everyMs: Int64 = 600_000
        /// Without a proof for longer raises the alarm.
        package var lateAfterMs: Int64 = 1_800_000
    }

    package struct WitnessAddress: Sendable, Equatable {
        /// Where C2SP `tlog-witness` answers, without `/add-checkpoint`.
        package var url: String
        /// Its verifier key as text, algorithm 4.
        package var key: String
    }

    package struct TimeStamp: Sendable, Equatable {
        package var url: String
        /// PEM: the authorities whose tokens are kept.
        package var authoritiesPath: String
        /// Between two checkpoints that are stamped; `nil`: every checkpoint.
        package var everyMs: Int64?
    }

    package struct Tangle: Sendable, Equatable {
        /// 1 to `NodeRoster.countMax`, the preferred one first.
        package var nodes: [Node]
        package var network: String
        /// A node that demands more is refused.
        package var minPoWScoreMax: UInt32 = 4_000
        /// Whatever is configured, a node may never demand more.
        package static let minPoWScoreCeiling: UInt32 = 100_000
        /// Holders that must have signed a milestone.
        package var threshold = 1
        package var milestoneKeys: [MilestoneKey]
    }

    package struct Node: Sendable, Equatable {
        package var address: String
        /// File of the bearer token.
        package var tokenPath: String?
        /// The broker at which its events are heard; `nil`: it is polled only.
        package var events: BrokerAddress?

        package init(address: String, tokenPath: String? = nil, events: BrokerAddress? = nil) {
            self.address = address
            self.tokenPath = tokenPath
            self.events = events
        }
    }

    package struct MilestoneKey: Sendable, Equatable {
        /// Ed25519 public key, 32 bytes.
        package var key: [UInt8]
        package var from: UInt32
        /// 0: for ever.
        package var to: UInt32
        package var holder: String
    }

    package struct LocalTangle: Sendable, Equatable {
        package var intervalMs: Int64 = 5_000
        package var minPoWScore: UInt32 = 100
        package var port: UInt16 = 0
        /// The broker at which the development node tells its events, and they are heard.
        package var events: BrokerAddress?
    }

    package enum JournalLevel: String, Sendable, CaseIterable {
        case debug, info, notice, warning, error
    }

    package init(gateway: String, buildingPath: String) {
        self.gateway = gateway
        self.buildingPath = buildingPath
    }

    /// Name of the development network when none is configured.
    package static let localNetworkName = "plumbline-local"

    package var networkName: String { tangle?.network ?? Self.localNetworkName }
}
