/// One connection to the field and how it fares. Counters count since the connection was made by this run of the gateway.
package struct LinkView: Hashable, Sendable {
    package enum Kind: String, Hashable, Sendable {
        case modbusTCP = "modbus-tcp"
        case modbusRTU = "modbus-rtu"
        case modbusRTUOverTCP = "modbus-rtu-over-tcp"
        case mqtt
    }

    package enum State: String, Hashable, Sendable {
        case up, down
        /// Not up yet, and no attempt has failed.
        case connecting
    }

    /// As in the building file, such as `tcp://10.0.0.20:502`; unique.
    package let id: String
    package let kind: Kind
    /// Host and port, or the path of a serial line.
    package let address: String
    package let state: State
    /// Since when the state has been this, UTC ms; `nil` before the first attempt has ended.
    package let sinceMs: Int64?
    package let connects: Int
    /// Attempts to connect that failed, and connections that broke.
    package let failures: Int
    /// For Modbus; `nil` for MQTT.
    package let bus: Bus?
    /// For MQTT; `nil` for Modbus.
    package let messages: Messages?
    /// In order of device.
    package let units: [UnitView]

    package init(
        id: String, kind: Kind, address: String, state: State, sinceMs: Int64?, connects: Int, failures: Int,
        bus: Bus? = nil, messages: Messages? = nil, units: [UnitView] = []
    ) {
        self.id = id
        self.kind = kind
        self.address = address
        self.state = state
        self.sinceMs = sinceMs
        self.connects = connects
        self.failures = failures
        self.bus = bus
        self.messages = messages
        self.units = units
    }

    /// How a Modbus connection is asked.
    package struct Bus: Hashable, Sendable {
        /// Silence between two requests.
        package let gapMs: Int
        /// From a request to the last byte of its answer, at most.
        package let timeoutMs: Int

        package init(gapMs: Int, timeoutMs: Int) {
            self.gapMs = gapMs
            self.timeoutMs = timeoutMs
        }
    }

    /// What came in over a broker.
    package struct Messages: Hashable, Sendable {
        package let received: Int
        /// Could not be understood.
        package let malformed: Int
        /// Found the queue full, or were too large.
        package let dropped: Int
        /// Arrival of the last one, UTC ms.
        package let lastAtMs: Int64?

        package init(received: Int, malformed: Int, dropped: Int, lastAtMs: Int64?) {
            self.received = received
            self.malformed = malformed
            self.dropped = dropped
            self.lastAtMs = lastAtMs
        }
    }

    /// Half of the longest last round trip of its units, µs: how far a capture instant may lie beside the truth.
    package var uncertaintyUs: Int64? { units.compactMap(\.roundTripUs).max().map { ($0 + 1) / 2 } }
}

/// One device on a Modbus connection and how it fares.
package struct UnitView: Hashable, Sendable {
    package enum State: String, Hashable, Sendable {
        /// Its last request was answered, or none was sent yet.
        case answering
        case offline
        /// Offline, and being asked again now.
        case probing
        /// What answers is not the device of the profile; it is not read.
        case otherDevice = "other-device"
    }

    package let device: String
    package let unit: UInt8
    package let state: State
    /// Midpoint of the last answered request, UTC ms.
    package let lastGoodAtMs: Int64?
    /// Of the last answer and the longest one, µs.
    package let roundTripUs: Int64?
    package let roundTripUsMax: Int64?
    package let requests: Int
    package let answers: Int
    package let timeouts: Int
    package let exceptions: Int
    /// Answers that were none: wrong length, function, unit or transaction.
    package let garbled: Int
    /// Answers that came after their time and were thrown away.
    package let lateAnswers: Int
    /// When a unit that is offline is asked again, UTC ms.
    package let nextProbeAtMs: Int64?
    /// What it taught about how it wants to be read.
    package let learned: Learned?

    package init(
        device: String, unit: UInt8, state: State, lastGoodAtMs: Int64?, roundTripUs: Int64?, roundTripUsMax: Int64?,
        requests: Int, answers: Int, timeouts: Int, exceptions: Int, garbled: Int, lateAnswers: Int,
        nextProbeAtMs: Int64?, learned: Learned?
    ) {
        self.device = device
        self.unit = unit
        self.state = state
        self.lastGoodAtMs = lastGoodAtMs
        self.roundTripUs = roundTripUs
        self.roundTripUsMax = roundTripUsMax
        self.requests = requests
        self.answers = answers
        self.timeouts = timeouts
        self.exceptions = exceptions
        self.garbled = garbled
        self.lateAnswers = lateAnswers
        self.nextProbeAtMs = nextProbeAtMs
        self.learned = learned
    }

    package struct Learned: Hashable, Sendable {
        /// Registers that the device refuses to read, both ends included.
        package struct Hole: Hashable, Sendable {
            /// 1 … 4, as on the wire.
            package let function: Int
            package let from: Int
            package let to: Int

            package init(function: Int, from: Int, to: Int) {
                self.function = function
                self.from = from
                self.to = to
            }
        }

        package let holes: [Hole]
        /// Most registers that it takes in one request; `nil` when it takes what its profile says.
        package let registerCountMax: Int?

        package init(holes: [Hole], registerCountMax: Int?) {
            self.holes = holes
            self.registerCountMax = registerCountMax
        }
    }
}
