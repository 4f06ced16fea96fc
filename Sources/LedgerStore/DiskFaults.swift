internal import Synchronization

/// Makes one step of the disk fail, for tests: before it is done, or after.
package final class DiskFaults: Sendable {
    package enum Step: Sendable {
        case write, commit
        /// A change of the key folder.
        case keys
    }
    package enum Fault: Sendable {
        /// Not done, reported failed.
        case lost
        /// Done, yet reported failed.
        case reportedFailed
        /// Not done for want of space, this step and every one after it until `disarm`.
        case full
    }

    private struct Plan {
        var fault: Fault?
        var step: Step?
        /// Steps that still succeed before the fault; `nil` when no fault is armed.
        var left: Int?
        var seen = 0
        var fired = false
    }

    private let plan = Mutex(Plan())

    package init() {}

    /// The `nth` step from now (1 is the next one) fails once; `step` counts only that kind.
    package func arm(_ fault: Fault, nth: Int, of step: Step? = nil) {
        plan.withLock { $0 = Plan(fault: fault, step: step, left: nth - 1) }
    }

    /// From the `nth` step on the disk is full.
    package func armDiskFull(nth: Int) { arm(.full, nth: nth) }

    package func disarm() { plan.withLock { $0 = Plan() } }

    /// Whether the armed fault has struck.
    package var hasFired: Bool { plan.withLock { $0.fired } }

    func next(_ step: Step) -> Fault? {
        plan.withLock { plan in
            guard let left = plan.left, plan.step == nil || plan.step == step else { return nil }
            guard left == 0 else {
                plan.left = left - 1
                return nil
            }
            if plan.fault != .full { plan.left = nil }
            plan.fired = true
            return plan.fault
        }
    }
}

extension DiskFaults {
    /// Changes the file behind the ledger's back, for tests, as somebody with root's hands would.
    package static func tamper(directory: String, sql: String) throws {
        try Database(path: directory + "/" + Ledger.fileName, mode: .readWrite).script(sql)
    }
}
