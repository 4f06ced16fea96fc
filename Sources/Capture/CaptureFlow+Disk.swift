internal import LedgerStore
internal import LogEntries

/// A disk that fills up.
extension CaptureFlow {
    func watchDisk() async throws {
        guard let free = disk.freeBytes() else { return }
        switch diskState {
        case .enough where free < settings.freeBytesMin:
            diskState = .short
            intake.takesGauges = false
            events.append(.disk("short"))
        case .short where free >= settings.freeBytesMin:
            diskState = .enough
            intake.takesGauges = true
            events.append(.disk("enough"))
        default: break
        }
    }

    func enterFull() {
        guard diskState != .full else { return }
        diskState = .full
        intake.takesGauges = false
        disk.release()
        events.append(.disk("full"))
    }

    /// With the reserve given free, what was captured is sealed; the rest of the time until there is space again is a
    /// gap.
    func waitForSpace() async throws {
        try await keepWaiting()
        let nowK = clock.wallMs() / writer.identity.periodMs
        try await writer.sealHeld(below: nowK)
        guard let free = disk.freeBytes(), free >= settings.freeBytesMin else { return }
        let from = writer.openK
        try await writer.skip(to: nowK, cause: Leaf.Gap.disk)
        let to = writer.openK
        if to > from { events.append(.gap(from, to, cause: "disk", periodMs: writer.identity.periodMs)) }
        try disk.reserve()
        diskState = .enough
        intake.takesGauges = true
        events.append(.disk("enough"))
    }
}
