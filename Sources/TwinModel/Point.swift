package import Readings

/// One thing that is measured, counted, set or told, and everything the log and the API say about it.
package struct Point: Hashable, Sendable {
    /// `ENTITY.NAME`; stable for ever, never reused.
    package let id: String
    /// The part before the dot: `brick:isPointOf`.
    package let entity: String
    /// A name of `TypeTable`, kind point.
    package let type: String
    /// UCUM; `nil` for states, texts and events.
    package let unit: String?
    package let nature: Nature
    /// Which way energy or matter goes, for counters and powers.
    package let flow: Flow?
    package let privacy: PrivacyClass
    /// Whose values they are; `nil` for the building's own.
    package let tenant: String?
    package let limits: Limits
    /// Where it is read.
    package let binding: Binding
    /// A new value is expected at least this often; `nil` where silence is normal (events, sessions). With a report rule this
    /// is never less than its longest span.
    package let expectedSeconds: UInt32?
    /// Which values are kept; `nil`: all.
    package let report: ReportRule?
    /// How often the device is asked, where that is more often than values are expected.
    package let pollSeconds: UInt32?
    package let kind: ValueKind
    package let scale: Scale
    /// Points of one stream are disclosed, retained and erased together.
    package let stream: String
    /// How a longer span is told in one number.
    package let aggregate: Aggregate
    /// Which values may be written to it; `nil` for what is only read.
    package let command: CommandRule?

    package init(
        id: String, entity: String, type: String, unit: String?, nature: Nature, flow: Flow? = nil,
        privacy: PrivacyClass = .none, tenant: String? = nil, limits: Limits = .none, binding: Binding,
        expectedSeconds: UInt32?, kind: ValueKind, scale: Scale = .identity, stream: String? = nil,
        aggregate: Aggregate? = nil, report: ReportRule? = nil, pollSeconds: UInt32? = nil,
        command: CommandRule? = nil
    ) {
        self.id = id
        self.entity = entity
        self.type = type
        self.unit = unit
        self.nature = nature
        self.flow = flow
        self.privacy = privacy
        self.tenant = tenant
        self.limits = limits
        self.binding = binding
        self.expectedSeconds = expectedSeconds
        self.kind = kind
        self.scale = scale
        self.stream = stream ?? PointStream.name(device: binding.device, tenant: tenant, privacy: privacy)
        self.aggregate = aggregate ?? Aggregate(nature)
        self.report = report
        self.pollSeconds = pollSeconds
        self.command = command
    }

    /// The part after the dot.
    package var name: String { String(id.dropFirst(entity.utf8.count + 1)) }

    /// The value in the point's unit; `nil` when the raw value holds no number.
    package func engineering(_ raw: RawValue) -> ExactDecimal? { scale.engineering(raw) }
}

/// Where a point's values come from.
package struct Binding: Hashable, Sendable {
    package let device: String
    /// Id of the point in the device's profile, such as `energy.active.import`.
    package let profilePoint: String
    package let profile: String
    /// SHA-256 of the profile's canonical form, 32 bytes.
    package let profileHash: [UInt8]

    package init(device: String, profilePoint: String, profile: String, profileHash: [UInt8]) {
        self.device = device
        self.profilePoint = profilePoint
        self.profile = profile
        self.profileHash = profileHash
    }
}

/// Bounds in the point's unit; a good value outside them gets quality `out-of-range`. The bounds themselves are inside.
package struct Limits: Hashable, Sendable {
    package let min: ExactDecimal?
    package let max: ExactDecimal?

    package static let none = Limits(min: nil, max: nil)

    package init(min: ExactDecimal?, max: ExactDecimal?) {
        self.min = min
        self.max = max
    }

    package func contains(_ value: ExactDecimal) -> Bool {
        if let min, value.isLess(than: min) { return false }
        if let max, max.isLess(than: value) { return false }
        return true
    }
}

extension ExactDecimal {
    /// Exact where both fit 128 bits on one exponent, by nearest double where they do not.
    package func isLess(than other: ExactDecimal) -> Bool {
        let minus = ExactDecimal(mantissa: -1, exponent: 0)
        if let negated = other.multiplied(by: minus), let difference = adding(negated) {
            return difference.mantissa < 0
        }
        return double < other.double
    }
}

/// Which way it goes, seen from the building for `import` and `export`, from the thing itself for the others.
package enum Flow: String, Sendable, CaseIterable {
    case `import`, export, production, consumption, charge, discharge, supply, `return`
}

/// How the values of a span become one value.
package enum Aggregate: String, Sendable, CaseIterable {
    case mean, sum, min, max, last, difference, count

    package init(_ nature: Nature) {
        switch nature {
        case .gauge: self = .mean
        case .counter: self = .difference
        case .state, .setpoint: self = .last
        case .event, .session: self = .count
        }
    }
}

/// Points that share device, tenant and privacy class, unless the building file says otherwise.
package struct PointStream: Hashable, Sendable {
    package let name: String
    package let privacy: PrivacyClass
    package let tenant: String?
    /// Ids of its points, rising.
    package let points: [String]

    /// `mb1/none`, `lora1/t3/indirect`.
    package static func name(device: String, tenant: String?, privacy: PrivacyClass) -> String {
        ([device] + (tenant.map { [$0] } ?? []) + [privacy.rawValue]).joined(separator: "/")
    }
}
