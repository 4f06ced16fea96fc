/// Decides when a unit that does not answer is asked again. One per unit on its own connection; times are monotonic milliseconds.
///
/// One failure is a doubt: a small request at once says whether the unit or only that request is the trouble. The second in a row
/// opens the breaker, and from then on there is one small request per back-off step.
struct Breaker {
    /// Failures in a row; 0 while the unit answers.
    private(set) var failures = 0
    private(set) var isOpen = false
    /// No request before this while it is open; at once while it is in doubt.
    private(set) var probeAtMs: Int64 = 0
    /// The back-off step that `probeAtMs` ends.
    private(set) var stepMs: Int64 = 0
    private var probeCount = 0
    private var wasHeardLate = false

    /// Failures in a row that open it.
    static let failureCountMax = 2
    /// Every so many probes the whole waiting time is given, for units slower than anything else on a line whose late answers
    /// cannot be told apart.
    private static let patientEvery = 4

    var isInDoubt: Bool { failures > 0 && !isOpen }

    /// Whether the next probe may take as long as any request.
    ///
    /// - Parameter isNumbered: a late answer tells by its number whose it is.
    func isPatient(isNumbered: Bool) -> Bool {
        wasHeardLate || !isNumbered && probeCount % Self.patientEvery == Self.patientEvery - 1
    }

    /// - Parameter atOnce: there is no doubt, one failure is enough.
    /// - Returns: true when it opened now.
    mutating func failed(nowMs: Int64, atOnce: Bool = false, backOffMs: (Int) -> Int64) -> Bool {
        failures += 1
        wasHeardLate = false
        probeAtMs = nowMs
        guard isOpen || atOnce || failures >= Self.failureCountMax else { return false }
        probeCount = isOpen ? probeCount + 1 : 0
        stepMs = backOffMs(probeCount + 1)
        probeAtMs = nowMs + stepMs
        defer { isOpen = true }
        return !isOpen
    }

    /// - Returns: true when it was open.
    mutating func answered() -> Bool {
        defer { self = Breaker() }
        return isOpen
    }

    /// An answer came after its request was given up: the unit lives, but is slow.
    mutating func heardLate() { wasHeardLate = true }
}
