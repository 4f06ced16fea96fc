/// Collects the steps of a run; what was not closed when it ends was not checked.
struct StepList {
    /// Anchors that have a step of their own; of those behind them, the ones that hold are counted in one step.
    static let anchorsMax = 1_000

    private var anchors: [CheckStep] = []
    /// Anchors that hold and have no step of their own.
    private var more = 0
    private var closed: Set<CheckStep.Name> = []

    mutating func add(
        _ name: CheckStep.Name, _ state: CheckStep.State, _ facts: KeyValuePairs<String, CheckStep.Fact>,
        milestone: Int64? = nil, timeStamp: String? = nil
    ) {
        guard anchors.count < Self.anchorsMax || state != .holds else {
            more += 1
            return
        }
        guard anchors.count < 2 * Self.anchorsMax else { return }
        var named = facts.map { CheckStep.NamedFact(name: $0.key, value: $0.value) }
        if let milestone { named.append(.init(name: "milestone", value: .number(milestone))) }
        if let timeStamp { named.append(.init(name: "timeStamp", value: .text(timeStamp))) }
        anchors.append(CheckStep(name, state, facts: named))
    }

    mutating func close(_ names: [CheckStep.Name]) { closed.formUnion(names) }

    /// The steps in the order of `names`, each failed by the errors that belong to it.
    func finish(_ names: [CheckStep.Name], _ findings: [Finding]) -> [CheckStep] {
        names.flatMap { name -> [CheckStep] in
            if name == .anchor {
                guard !anchors.isEmpty else { return [CheckStep(.anchor, .notChecked)] }
                return more == 0 ? anchors : anchors + [CheckStep(.anchor, .holds, ["more": .number(Int64(more))])]
            }
            let isFailed = findings.contains { $0.code.severity == .error && $0.code.step == name }
            return [CheckStep(name, isFailed ? .fails : closed.contains(name) ? .holds : .notChecked)]
        }
    }
}

extension FindingCode {
    /// The step that fails by this error.
    var step: CheckStep.Name {
        switch self {
        case .malformed, .nonCanonical, .version: .file
        case .origin: .card
        case .blockID, .proofOfWork, .milestoneSignature, .unknownKey, .timeStamp: .anchor
        case .itemMalformed: .read
        case .itemCount, .itemHash, .erasedUndeclared: .item
        case .configUnknown: .configuration
        case .backdated, .postdated, .beacon, .milestoneFork: .time
        default: .range
        }
    }
}
