import Hashing
import MerkleLog
package import TimeStamping

/// How an evidence file is checked.
package struct VerificationOptions: Sendable {
    /// Whom the caller believes about time, beside the authorities that the card names.
    package var stampTrust = TimeStampTrust()
    /// UTC milliseconds, from ≤ t < to; they replace what the file says was asked for and change only the test of coverage.
    package var fromMs: Int64?
    package var toMs: Int64?
    package var workers = Workers.none
    package var progress = Progress.silent

    package init() {}
}

/// Checks an evidence file of any kind: the one verifier of the auditor's program, the gateway and the page.
///
/// `card` is the card the caller keeps; without it the file's own is used and nobody vouches for the file.
/// Never traps and asks nobody: bytes in, verdict out, in linear time.
package func verify(
    file: [UInt8], card: PolicyCard? = nil, stampTrust: TimeStampTrust = TimeStampTrust(), from fromMs: Int64? = nil,
    to toMs: Int64? = nil
) -> Verdict { check(MemorySource(file), card, options(stampTrust, fromMs, toMs), nil).verdict }

/// The same, and the file's readings of the time asked for.
///
/// `each` is given them when the file holds, or holds but for a card of one's own: in order of interval, in an interval by capture
/// instant, then point. When anything else is found it is given none.
package func verify(
    file: [UInt8], card: PolicyCard? = nil, stampTrust: TimeStampTrust = TimeStampTrust(), from fromMs: Int64? = nil,
    to toMs: Int64? = nil, each: (ShownReading, _ stream: UInt32, _ k: UInt64) throws -> Void
) rethrows -> Verdict {
    let (verdict, audit) = check(MemorySource(file), card, options(stampTrust, fromMs, toMs), nil)
    try tell(verdict, audit, each)
    return verdict
}

/// The same, and what the file holds in the time asked for, counted; nil for a reading file and when the check stopped before
/// its leaves were authenticated.
package func audit(
    file: [UInt8], card: PolicyCard? = nil, stampTrust: TimeStampTrust = TimeStampTrust(), from fromMs: Int64? = nil,
    to toMs: Int64? = nil, scope: PeriodSurvey.Scope = PeriodSurvey.Scope()
) -> (verdict: Verdict, survey: PeriodSurvey?) {
    let (verdict, audit) = check(MemorySource(file), card, options(stampTrust, fromMs, toMs), scope)
    return (verdict, audit?.survey)
}

private func options(_ stampTrust: TimeStampTrust, _ fromMs: Int64?, _ toMs: Int64?) -> VerificationOptions {
    var options = VerificationOptions()
    options.stampTrust = stampTrust
    options.fromMs = fromMs
    options.toMs = toMs
    return options
}

/// Checks a file that is read where it lies: a year takes no more memory than a day. Throws what the source says of itself; there is
/// no verdict then.
package func verify(
    source: some ByteSource, card: PolicyCard? = nil, by options: VerificationOptions
) throws(SourceFailure) -> Verdict {
    let verdict = check(source, card, options, nil).verdict
    if let failure = source.failure { throw failure }
    return verdict
}

/// The same, and the file's readings of the time asked for, as above.
package func verify(
    source: some ByteSource, card: PolicyCard? = nil, by options: VerificationOptions,
    each: (ShownReading, _ stream: UInt32, _ k: UInt64) throws -> Void
) throws -> Verdict {
    let (verdict, audit) = check(source, card, options, nil)
    if let failure = source.failure { throw failure }
    try tell(verdict, audit, each)
    if let failure = source.failure { throw failure }
    return verdict
}

/// The same, and what the file holds in the time asked for, counted.
package func audit(
    source: some ByteSource, card: PolicyCard? = nil, by options: VerificationOptions,
    scope: PeriodSurvey.Scope = PeriodSurvey.Scope()
) throws(SourceFailure) -> (verdict: Verdict, survey: PeriodSurvey?) {
    let (verdict, audit) = check(source, card, options, scope)
    if let failure = source.failure { throw failure }
    return (verdict, audit?.survey)
}

private func tell(
    _ verdict: Verdict, _ audit: PeriodAudit?, _ each: (ShownReading, _ stream: UInt32, _ k: UInt64) throws -> Void
) rethrows {
    guard verdict.vouchesForReadings else { return }
    if let audit {
        try audit.readings(each)
    } else if let stream = verdict.facts.stream, let k = verdict.facts.k {
        for reading in verdict.facts.shown { try each(reading, stream, k) }
    }
}

func check(
    _ source: some ByteSource, _ card: PolicyCard?, _ options: VerificationOptions, _ scope: PeriodSurvey.Scope?
) -> (verdict: Verdict, audit: PeriodAudit?) {
    var facts = Verdict.Facts(sizeBytes: source.sizeBytes)
    let head = source.bytes(0..<min(source.sizeBytes, Ustar.blockSizeBytes))
    if isPeriod(head) {
        facts.kind = .period
        return verifyPeriod(source, card, options, scope, facts)
    }
    facts.kind = looksLikeReading(head) ? .reading : nil
    // One byte more than a reading file may have is enough to refuse it.
    let file = source.bytes(0..<min(source.sizeBytes, ReadingFile.sizeBytesMax + 1))
    return (verifyReading(file, card, facts), nil)
}

/// The container's magic: what a damaged header had there is `E_MALFORMED` either way.
private func isPeriod(_ head: [UInt8]) -> Bool { head.count >= 263 && head[257..<262].elementsEqual("ustar".utf8) }

/// An array of 15 in its short form or not, for the words only.
private func looksLikeReading(_ file: [UInt8]) -> Bool { file.first.map { $0 >> 5 == 4 } ?? false }

private func verifyPeriod(
    _ source: some ByteSource, _ own: PolicyCard?, _ options: VerificationOptions, _ scope: PeriodSurvey.Scope?,
    _ start: Verdict.Facts
) -> (Verdict, PeriodAudit?) {
    var facts = start
    let names: [CheckStep.Name] = [.file, .card, .anchor, .range, .item, .configuration, .read, .time]
    let period: OpenedPeriod
    do {
        period = try PeriodOpener.open(source, workers: options.workers, progress: options.progress)
    } catch {
        return (stopped(error, own, facts, names), nil)
    }
    let (fromMs, toMs) = (options.fromMs ?? period.fromMs, options.toMs ?? period.toMs)
    facts.origin = period.origin
    facts.fromSeq = period.fromSeq
    facts.toSeq = period.toSeq
    facts.fromMs = fromMs
    facts.toMs = toMs
    facts.streams = period.streams
    let chosen: (card: PolicyCard, source: Verdict.CardSource)
    do {
        chosen = try choose(own, period.card.isEmpty ? nil : period.card, origin: period.origin)
    } catch {
        return (alone(error, own == nil ? .none : .own, facts, names), nil)
    }
    facts.network = chosen.card.network
    var audit = PeriodAudit(
        period, card: chosen.card, fromMs: fromMs, toMs: toMs, options: options, scope: scope,
        found: standing(chosen.card, chosen.source), facts: facts)
    do {
        try audit.run()
    } catch {
        return (alone(error, chosen.source, audit.facts, names), nil)
    }
    let findings = audit.found.sorted
    let verdict = finish(
        findings, audit.steps.finish(names, findings), audit.bracket, chosen.source, audit.facts,
        stampedBracket: audit.stampedBracket)
    return (verdict, audit)
}

private func verifyReading(_ file: [UInt8], _ own: PolicyCard?, _ start: Verdict.Facts) -> Verdict {
    var facts = start
    let names: [CheckStep.Name] = start.kind == nil ? [.file] : [.read, .item, .log, .anchor]
    let parts: ReadingFile
    do {
        parts = try ReadingFile.parse(file)
    } catch {
        return alone(error, own == nil ? .none : .own, facts, names)
    }
    facts.origin = parts.origin
    let chosen: (card: PolicyCard, source: Verdict.CardSource)
    do {
        chosen = try choose(own, parts.card.map { Array($0.utf8) }, origin: parts.origin)
    } catch {
        return alone(error, own == nil ? .none : .own, facts, names)
    }
    facts.network = chosen.card.network
    var audit = ReadingAudit(parts, card: chosen.card, found: standing(chosen.card, chosen.source), facts: facts)
    audit.run()
    return finish(audit.found.sorted, audit.steps, audit.bracket, chosen.source, audit.facts)
}

/// The card that counts. Throws what stands alone: no card, a bad one, or another gateway's.
private func choose(
    _ own: PolicyCard?, _ inside: [UInt8]?, origin: String
) throws(Stop) -> (card: PolicyCard, source: Verdict.CardSource) {
    let card: PolicyCard
    if let own {
        card = own
    } else if let inside {
        do {
            card = try PolicyCard.parse(inside)
        } catch {
            throw Stop(.malformed, "the policy card in the file")
        }
    } else {
        throw Stop(.noPolicy)
    }
    guard card.origin.utf8.elementsEqual(origin.utf8) else {
        throw Stop(.origin, "the card is for \(card.origin), the file is from \(origin)")
    }
    return (card, own == nil ? .fromFile : .own)
}

/// Notes that stand beside every result.
private func standing(_ card: PolicyCard, _ source: Verdict.CardSource) -> FindingList {
    var found = FindingList()
    found.add(.anchorsUnwatched)
    if source == .fromFile { found.add(.policyFromFile) }
    if card.isSelfNetwork { found.add(.selfNetwork) }
    if card.threshold == 1 { found.add(.singleSigner) }
    if card.witnesses.isEmpty { found.add(.noOutsideMemory) }
    return found
}

/// A period file whose parts could not be read.
private func stopped(_ stop: Stop, _ own: PolicyCard?, _ facts: Verdict.Facts, _ names: [CheckStep.Name]) -> Verdict {
    guard stop.code != .malformed else { return alone(stop, own == nil ? .none : .own, facts, names) }
    var found = own.map { standing($0, .own) } ?? FindingList()
    found.add(.anchorsUnwatched)
    found.add(stop.code, stop.about)
    return finish(found.sorted, StepList().finish(names, found.sorted), nil, own == nil ? .none : .own, facts)
}

private func alone(
    _ stop: Stop, _ source: Verdict.CardSource, _ facts: Verdict.Facts, _ names: [CheckStep.Name]
) -> Verdict {
    let findings = [Finding(code: stop.code, about: stop.about)]
    var steps = StepList()
    // Only a file whose form holds comes as far as its card.
    if [.origin, .noPolicy].contains(stop.code) { steps.close([.file]) }
    return finish(findings, steps.finish(names, findings), nil, source, facts)
}

/// A bracket is printed only when the file holds, somebody's card was used, and not the operator alone attests the times:
/// on the operator's own network only the bound that an independent time stamp gives.
private func finish(
    _ findings: [Finding], _ steps: [CheckStep], _ bracket: Verdict.Bracket?, _ source: Verdict.CardSource,
    _ facts: Verdict.Facts, stampedBracket: Verdict.Bracket? = nil
) -> Verdict {
    let bare = Verdict(findings: findings, steps: steps, bracket: nil, card: source, facts: facts)
    guard bare.exitCode == 0, let bracket = bare.isSelfNetwork ? stampedBracket : bracket else { return bare }
    return Verdict(findings: findings, steps: steps, bracket: bracket, card: source, facts: facts)
}
