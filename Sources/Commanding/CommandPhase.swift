/// The two leaves of one command (`Docs/formats.md` section 2): what was asked for, and what became of it.
package enum CommandPhase: UInt64, Hashable, Sendable {
    case intent = 0
    case outcome = 1
}
