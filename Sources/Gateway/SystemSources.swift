package import Capture
import LedgerStore

/// What the outside world gives: random bytes from the system's generator. The clock is `Clock.system`.
package enum SystemSources {
    package static let random: RandomBytes = ItemKeys.systemRandom
}
