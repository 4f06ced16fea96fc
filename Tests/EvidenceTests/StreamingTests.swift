import CanonicalCBOR
import Evidence
import Hashing
import LogEntries
import LogTesting
import Synchronization
import Testing
import TestTools

/// Goal: how a file is read changes nothing in its verdict, and what cannot be read gives none.
/// Method: golden files through a source that counts its reads, by one worker and by several; records out of order; hostile lengths.
@Suite struct `Streaming verifier` {
    /// A file in memory that tells the largest piece that was asked for, and may fail.
    final class Counting: ByteSource {
        private let memory: MemorySource
        private let largest = Mutex(0)
        let failsFrom: Int

        init(_ bytes: [UInt8], failsFrom: Int = .max) {
            memory = MemorySource(bytes)
            self.failsFrom = failsFrom
        }

        var sizeBytes: Int { memory.sizeBytes }
        var failure: SourceFailure? { failsFrom == .max ? nil : SourceFailure("the disk") }
        var largestRead: Int { largest.withLock { $0 } }

        func read(at offset: Int, into target: UnsafeMutableRawBufferPointer) {
            largest.withLock { $0 = max($0, target.count) }
            guard offset < failsFrom else {
                target.initializeMemory(as: UInt8.self, repeating: 0)
                return
            }
            memory.read(at: offset, into: target)
        }
    }

    static let three = Workers(count: 3) { count, body in for number in (0..<count).reversed() { body(number) } }

    static func options(_ workers: Workers) -> VerificationOptions {
        var options = VerificationOptions()
        options.workers = workers
        return options
    }

    @Test func `every golden period file has one verdict, by one worker or by three`() throws {
        let card = try PolicyCard.parse(EvidenceVectors.bytes("evidence/gateway.card"))
        let names = try EvidenceVectors.names(in: "evidence").filter { $0.hasSuffix(".period") }
        #expect(names.count > 20)
        for name in names {
            let bytes = try EvidenceVectors.bytes("evidence/\(name)")
            let plain = audit(file: bytes, card: card)
            let several = try audit(source: Counting(bytes), card: card, by: Self.options(Self.three))
            #expect(plain.verdict.findings == several.verdict.findings, "\(name)")
            #expect(plain.verdict.steps == several.verdict.steps, "\(name)")
            #expect(plain.survey == several.survey, "\(name)")
        }
    }

    @Test func `a source that failed gives no verdict`() throws {
        let bytes = try EvidenceVectors.bytes("evidence/honest-full.period")
        #expect(throws: SourceFailure("the disk")) {
            try verify(source: Counting(bytes, failsFrom: bytes.count / 2), by: VerificationOptions())
        }
    }

    @Test func `no part of a long file is asked for as a whole`() throws {
        var log = SyntheticLog()
        log.intervals = 4_000
        let made = try log.make()
        let source = Counting(made.file)
        let verdict = try verify(source: source, card: made.card, by: Self.options(Self.three))
        // Days between two anchors are told.
        #expect(verdict.codes == `Synthetic log verdicts`.standing + ["W_WIDE_BRACKET"], "\(verdict.findings)")
        #expect(verdict.facts.intervals == 4_000)
        #expect(made.file.count > 600_000)
        #expect(source.largestRead <= 1 << 17)
    }

    @Test func `records out of order are found where they are, and only for their interval`() throws {
        var log = SyntheticLog()
        log.intervals = 40
        let made = try log.make()
        // Runs of one day in any order hold: the place in the file says nothing.
        var random = SeededGenerator(seed: 20_261_130)
        let shuffled = try made.file { $0.items.shuffle(using: &random) }
        #expect(verify(file: shuffled, card: made.card).codes == `Synthetic log verdicts`.standing)
        let twice = try made.file { $0.items.append($0.items[3]) }
        #expect(verify(file: twice, card: made.card).codes == ["E_ITEM_COUNT"] + `Synthetic log verdicts`.standing)
    }

    @Test func `items of an interval that is not in the log are counted`() throws {
        var log = SyntheticLog()
        log.intervals = 40
        let made = try log.make()
        let file = try made.file { $0.items.append(PeriodItem(k: 7, stream: 1, content: .withheld(.zero))) }
        let verdict = verify(file: file, card: made.card)
        #expect(verdict.findings.first?.code == .itemCount)
        #expect(verdict.findings.first?.about == "items of interval 7, which is not in the log")
    }

    @Test func `lengths that lie are malformed and reserve nothing`() throws {
        let honest = try SyntheticLog().make().file
        let members = try Ustar.read(honest)
        let items = try #require(members.first { $0.name.hasPrefix("30-items/") })
        for lie in [[UInt8](repeating: 0xff, count: 4), [0x7f, 0xff, 0xff, 0xff], [0x01, 0x00, 0x00, 0x01]] {
            var file = honest
            file.replaceSubrange((items.content.lowerBound + 13)..<(items.content.lowerBound + 17), with: lie)
            #expect(verify(file: file).codes == ["E_MALFORMED"])
            #expect(throws: Stop.self) { try PeriodFile.parse(file) }
        }
        let leaves = try #require(members.first { $0.name == "03-leaves" })
        var file = honest
        file[leaves.content.lowerBound] = 0xff
        #expect(verify(file: file).codes == ["E_MALFORMED"])
    }

    @Test func `progress is told to its end`() throws {
        var options = Self.options(Self.three)
        let told = Mutex<[Int]>([])
        options.progress = Progress { done, whole in told.withLock { $0.append(done * 100 / max(whole, 1)) } }
        _ = try verify(source: Counting(EvidenceVectors.bytes("evidence/honest-full.period")), by: options)
        let percents = told.withLock { $0 }
        #expect(percents == percents.sorted())
        #expect(percents.last == 100)
    }
}
