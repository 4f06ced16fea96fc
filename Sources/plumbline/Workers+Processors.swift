import Dispatch
import Evidence
import Glibc

extension Workers {
    /// More gain nothing: what is read comes from one disk.
    private static let countMax = 8

    /// One for each processor that may be used.
    static var processors: Workers {
        let count = min(max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))), countMax)
        return Workers(count: count) { count, body in DispatchQueue.concurrentPerform(iterations: count, execute: body)
        }
    }
}
