package import Evidence
package import Hashing
import Tangle

/// How a followed log stands, for `/health`, for `--json` and for the exit code.
package struct WatchReport: Hashable, Sendable {
    package enum State: String, Sendable {
        /// Everything shown so far is one history.
        case consistent
        /// Something could not be fetched or did not hold; `troubles` say what. No contradiction was seen.
        case unchecked
        /// The gateway shows a smaller log than it has signed before.
        case rolledBack = "rolled-back"
        /// The network shows an anchor of this log that the gateway does not list.
        case hidden
        /// Two signed checkpoints contradict each other; both are kept.
        case forked
    }

    /// Hidden anchors that one report names; `anchorsHidden` counts all.
    package static let hiddenMax = 20
    /// Changes of key that one report names, the last ones.
    package static let keyChangesMax = 20

    package var origin: String
    /// The witness's verifier key, for the policy card and the gateway's configuration.
    package var witness: String
    /// The latest checkpoint cosigned; `nil` before the first.
    package var size: UInt64?
    package var root: Hash?
    /// Changes of the log key by the recovery key on the card, of this run and earlier ones.
    package var keyChanges: [KeyHistory.Change] = []
    /// Anchors with their proof in the store.
    package var anchorsKept = 0
    /// Anchors that the gateway lists and no node shows any more.
    package var anchorsMissing = 0
    /// Contradictions in the store, of this run and earlier ones.
    package var forks = 0
    /// Blocks of anchors that the gateway does not list, of this run and earlier ones; kept in the folder `sighted`.
    package var hidden: [Hash] = []
    /// The size that the gateway shows, when it is smaller than `size`.
    package var rolledBackTo: UInt64?
    /// One sentence each, of the last round.
    package var troubles: [String] = []
    /// End of the last round, UTC ms; `nil` before it.
    package var checkedAtMs: Int64?

    package init(origin: String, witness: String) {
        self.origin = origin
        self.witness = witness
    }

    package var state: State {
        if forks > 0 { return .forked }
        if rolledBackTo != nil { return .rolledBack }
        if !hidden.isEmpty { return .hidden }
        return troubles.isEmpty && checkedAtMs != nil ? .consistent : .unchecked
    }

    /// 0 one history, 1 a contradiction, 2 could not be checked.
    package var exitCode: Int32 {
        switch state {
        case .consistent: 0
        case .forked, .rolledBack, .hidden: 1
        case .unchecked: 2
        }
    }

    /// One object; members are contract.
    package var json: String {
        JSON.members([
            "state": .string(state.rawValue), "origin": .string(origin), "witness": .string(witness),
            "size": size.map { JSON.number($0) } ?? .null, "root": root.map { JSON.string($0.hex) } ?? .null,
            "keyChanges": .array(
                keyChanges.suffix(Self.keyChangesMax).map {
                    JSON.members(["leafIndex": .number($0.leafIndex), "key": .string($0.key)])
                }),
            "anchorsKept": .number(anchorsKept), "anchorsMissing": .number(anchorsMissing), "forks": .number(forks),
            "anchorsHidden": .number(hidden.count),
            "hidden": .array(hidden.prefix(Self.hiddenMax).map { JSON.string("0x" + $0.hex) }),
            "rolledBackTo": rolledBackTo.map { JSON.number($0) } ?? .null,
            "troubles": .array(troubles.map { JSON.string($0) }),
            "checkedAtMs": checkedAtMs.map { JSON.number($0) } ?? .null,
        ]).text
    }

    /// Lines for people.
    package var text: String {
        var lines = ["log       \(origin)", "witness   \(witness)"]
        lines.append("latest    " + (size.map { "\($0) entries, root \(root?.hex ?? "")" } ?? "none yet"))
        for change in keyChanges.suffix(Self.keyChangesMax) {
            lines.append("key       entry \(change.leafIndex) changed the log key to \(change.key)")
        }
        lines.append(
            "anchors   \(anchorsKept) kept"
                + (anchorsMissing > 0 ? ", \(anchorsMissing) no longer shown by the node" : ""))
        if forks > 0 { lines.append("FORKED    \(forks) contradictions, both notes of each in the folder forks") }
        for block in hidden.prefix(Self.hiddenMax) {
            lines.append("HIDDEN    block 0x\(block.hex): an anchor that the gateway does not list")
        }
        if let rolledBackTo { lines.append("ROLLED BACK  the gateway shows \(rolledBackTo) entries") }
        lines += troubles.map { "trouble   \($0)" }
        lines.append(state.rawValue)
        return lines.joined(separator: "\n")
    }
}
