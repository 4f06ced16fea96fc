/// Where a value stands in the messages of an MQTT device.
package struct MQTTPoint: Hashable, Sendable {
    /// For a Sparkplug metric `{root}`, the root being `GROUP/NODE[/DEVICE]`.
    package let topic: TopicTemplate
    package let place: Place
    package let type: TokenType
    /// Messages that do not hold this are about something else.
    package let match: Match?
    /// Where the message says when the value was current.
    package let time: SourceTime?
    package let retained: RetainedPolicy
    package let omitted: OmittedPolicy
    /// Words that mean "no value"; JSON null always does.
    package let notAvailable: [String]

    package enum Place: Hashable, Sendable {
        case path(JSONPath)
        /// The payload is the value.
        case plain
        /// A level of the topic.
        case capture(String)
        /// A number in a binary record that the message carries as base64 or hex.
        case record(TLVField)
        /// A Sparkplug B metric of this name.
        case metric(String)
    }

    package enum TokenType: String, Hashable, Sendable, CaseIterable {
        /// A JSON number, or one in quotation marks; kept as its literal token.
        case number
        /// `true`/`false`, 0/1, on/off.
        case bool
        case text
        /// A word that `values` gives a number.
        case `enum`
    }

    package struct Match: Hashable, Sendable {
        package let path: JSONPath
        /// One of these.
        package let equals: [String]
    }

    package struct SourceTime: Hashable, Sendable {
        package let path: JSONPath
        package let form: Form
        /// For `local` only.
        package let zone: Zone?

        package enum Form: String, Hashable, Sendable, CaseIterable {
            /// Decimal places allowed.
            case unixSeconds = "unix-seconds"
            case unixMs = "unix-ms"
            /// With `Z` or an offset; without one it is not used.
            case rfc3339
            /// Date and time on a wall clock, without zone; an hour that the clock shows twice or never is not used.
            case local
        }

        package enum Zone: Hashable, Sendable {
            /// The building's own.
            case building
            /// IANA name.
            case named(String)
        }
    }

    /// What a message means that the broker kept from earlier.
    package enum RetainedPolicy: String, Hashable, Sendable, CaseIterable {
        /// Nobody knows how old it is, so it is dropped.
        case ignore
        /// Taken; without a time of its own its quality is `stale`.
        case accept
    }

    /// What it means when a value's key is not in the message.
    package enum OmittedPolicy: String, Hashable, Sendable, CaseIterable {
        /// The message does not tell this value.
        case nothing
        /// Zero, false or an empty text, provided that the object around it is there.
        case zero
    }

    /// The metric's name, for a Sparkplug B point.
    package var metric: String? {
        if case .metric(let name) = place { name } else { nil }
    }
}

/// Keys and indices into a JSON value: `$.params["em:0"].total_act_power`, `$.rxInfo[0].rssi`.
package struct JSONPath: Hashable, Sendable, CustomStringConvertible {
    package let steps: [Step]

    package enum Step: Hashable, Sendable {
        case key(String)
        case index(Int)
    }

    package static let stepCountMax = 16

    /// `nil` for anything but `$`, `.name`, `["name"]` and `[index]`.
    package init?(_ text: String) {
        guard text.first == "$" else { return nil }
        var rest = text.dropFirst()
        var steps: [Step] = []
        while let first = rest.first {
            guard steps.count < Self.stepCountMax else { return nil }
            if first == "." {
                let name = rest.dropFirst().prefix { $0 != "." && $0 != "[" && $0 != "\"" && $0 != " " }
                guard !name.isEmpty else { return nil }
                steps.append(.key(String(name)))
                rest = rest.dropFirst(1 + name.count)
            } else if rest.hasPrefix("[\"") {
                let name = rest.dropFirst(2).prefix { $0 != "\"" }
                rest = rest.dropFirst(2 + name.count)
                guard rest.hasPrefix("\"]") else { return nil }
                steps.append(.key(String(name)))
                rest = rest.dropFirst(2)
            } else if first == "[" {
                let digits = rest.dropFirst().prefix { $0.isASCII && $0.isNumber }
                rest = rest.dropFirst(1 + digits.count)
                guard let index = Int(digits), index <= 65_535, rest.first == "]" else { return nil }
                steps.append(.index(index))
                rest = rest.dropFirst()
            } else {
                return nil
            }
        }
        self.steps = steps
    }

    package var description: String {
        steps.reduce("$") { text, step in
            switch step {
            case .key(let name): text + "[\"\(name)\"]"
            case .index(let index): text + "[\(index)]"
            }
        }
    }
}
