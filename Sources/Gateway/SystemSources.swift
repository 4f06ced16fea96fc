package import Capture

/// What the outside world gives: random bytes from the system's generator. The clock is `Clock.system`.
package enum SystemSources {
    package static let random: RandomBytes = { count in
        var generator = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }
}
