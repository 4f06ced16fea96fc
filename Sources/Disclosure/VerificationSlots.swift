/// How many files may be checked at once: each is in memory whole.
actor VerificationSlots {
    static let countMax = 2
    private var taken = 0

    func take() throws(Refusal) {
        guard taken < Self.countMax else { throw .busy(retryAfterSeconds: 5) }
        taken += 1
    }

    func giveBack() { taken -= 1 }
}
