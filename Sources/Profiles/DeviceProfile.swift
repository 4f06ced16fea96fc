package import Hashing

/// What one model of device says on its wire: which points it has, where they are read and what they mean. Pure data.
package struct DeviceProfile: Hashable, Sendable {
    /// `eastron-sdm630`; also the name of its file.
    package let id: String
    /// Rises when the meaning of a point changes.
    package let revision: Int
    package let vendor: String
    package let models: [String]
    package let transport: Transport
    package let confidence: Confidence
    /// Where the facts come from: documents with revision, drivers, recordings.
    package let provenance: [String]
    /// In alphabetical order of id.
    package let points: [ProfilePoint]
    package let tests: [ProfileTest]
    /// SHA-256 over the canonical form; stands in the configuration rows of the log.
    package let hash: Hash

    package func point(_ id: String) -> ProfilePoint? { points.first { $0.id == id } }

    package var modbus: ModbusDialect? {
        if case .modbus(let dialect) = transport { dialect } else { nil }
    }

    package var mqtt: MQTTDialect? {
        if case .mqtt(let dialect) = transport { dialect } else { nil }
    }

    /// Whether its points are Sparkplug B metrics.
    package var isSparkplug: Bool { points.contains { $0.mqtt?.metric != nil } }

    /// Names of time zones that its time stamps are told in, the building's own left out.
    package var zoneNames: Set<String> {
        var names: Set<String> = []
        for point in points { if case .named(let name)? = point.mqtt?.time?.zone { names.insert(name) } }
        return names
    }

    package enum Transport: Hashable, Sendable {
        case modbus(ModbusDialect)
        case mqtt(MQTTDialect)
    }

    package enum Confidence: String, Hashable, Sendable, CaseIterable {
        /// Two independent sources agree, or the publisher of the format itself.
        case a = "A"
        /// One source.
        case b = "B"
        /// Partial or indirect: check before use.
        case c = "C"
    }
}

/// How a Modbus device wants to be read.
package struct ModbusDialect: Hashable, Sendable {
    package let limits: ReadLimits
    /// Registers that must hold these words before anything else of the device is believed.
    package let identify: [IdentityCheck]

    package init(limits: ReadLimits, identify: [IdentityCheck]) {
        self.limits = limits
        self.identify = identify
    }
}

/// Registers that tell which device answers.
package struct IdentityCheck: Hashable, Sendable {
    package let function: ModbusFunction
    /// On the wire, from 0.
    package let address: UInt16
    package let words: [UInt16]
    /// Other words that will do as well, where one profile serves several variants; as many each as `words`.
    package let alternatives: [[UInt16]]

    package init(function: ModbusFunction, address: UInt16, words: [UInt16], alternatives: [[UInt16]] = []) {
        self.function = function
        self.address = address
        self.words = words
        self.alternatives = alternatives
    }

    /// Whether a device that answers these words is one of the profile's.
    package func accepts(_ found: [UInt16]) -> Bool { found == words || alternatives.contains(found) }
}

/// What a device's MQTT topics tell besides values.
package struct MQTTDialect: Hashable, Sendable {
    package let availability: Availability?
    /// How binary payloads are cut into records; `nil` for devices that speak JSON or words.
    package let tlv: TLVTable?

    package init(availability: Availability?, tlv: TLVTable? = nil) {
        self.availability = availability
        self.tlv = tlv
    }

    /// A topic, often the last will, that tells whether the device is there.
    package struct Availability: Hashable, Sendable {
        package let topic: TopicTemplate
        /// Where in a JSON payload the word stands; a payload that is no JSON object is the word itself.
        package let path: JSONPath?
        package let online: String
        package let offline: String
    }
}

/// Something a device was seen to say and the value that it means.
package struct ProfileTest: Hashable, Sendable {
    package let point: String
    package let said: Said
    /// Engineering value as decimal digits, a text, or a label; `nil` when the device says that it has no value.
    package let value: String?

    package enum Said: Hashable, Sendable {
        /// Registers, and the live scale register where the point has one.
        case words([UInt16], scaleWord: UInt16?)
        /// `topic` with the template's root as `root`.
        case payload(String, topic: String)
    }
}
