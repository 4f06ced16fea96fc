import CanonicalCBOR
import Evidence
import Hashing
import LogEntries
import MerkleLog
import Readings
import Tangle
import TimeStamping

/// The verifier's decoders, each by itself. What one accepts has one form: written again it is the same bytes.
let decoders: [String: FuzzTarget] = [
    "cbor": { bytes in
        // What is refused is an answer, here and below.
        guard let value = try? CBOR.decode(bytes) else { return }
        must(value.encoded() == bytes, "CBOR is written as it was read")
    },
    "leaf": { bytes in
        guard let leaf = try? Leaf.decode(bytes) else { return }
        must(leaf.encoded() == bytes, "a leaf is written as it was read")
    },
    "item": { bytes in
        if let item = try? IntervalItem.decode(bytes) {
            must(item.encoded() == bytes, "an item is written as it was read")
        }
        if let item = try? AccessItem.decode(bytes) {
            must(item.encoded() == bytes, "an access item is written as it was read")
        }
        if let item = try? SnapshotItem.decode(bytes) {
            must(item.encoded() == bytes, "a snapshot item is written as it was read")
        }
        if let item = try? Commitment.decode(bytes) {
            must(item.encoded() == bytes, "a commitment is written as it was read")
        }
    },
    "payload": { bytes in
        if let rows = try? LogEntries.Payload.decode(bytes),
            LogEntries.Payload.problems(bytes, periodMs: 60_000).isEmpty
        {
            must(LogEntries.Payload.encode(rows) == bytes, "a payload is written as it was read")
            // Every form becomes a reading or is refused, whatever the interval.
            for row in rows { _ = row.reading(k: 29_500_000, periodMs: 60_000, kind: nil) }
            for row in rows { _ = row.reading(k: .max, periodMs: 60_000, kind: nil) }
        }
        _ = ShownReading.all(
            item: IntervalItem(stream: .init(1), k: 29_500_000, salt: .zero, payload: bytes).encoded(),
            periodMs: 60_000, rows: [])
    },
    "commitment-payload": { bytes in
        if let event = try? EventPayload.decode(bytes) {
            must(event.encoded() == bytes, "an event is written as it was read")
        }
        if let command = try? CommandPayload.decode(bytes) {
            must(command.encoded() == bytes, "a command is written as it was read")
        }
    },
    "configuration-item": { bytes in
        if let head = try? ConfigHead.decode(bytes) {
            must(head.encoded() == bytes, "a head is written as it was read")
        }
        if let stream = try? ConfigStream.decode(bytes) {
            must(stream.encoded() == bytes, "a stream is written as it was read")
        }
    },
    "note": { bytes in
        guard let text = String(validating: bytes, as: UTF8.self), let note = SignedNote(text) else { return }
        must(Array(note.note.utf8) == bytes, "a note is written as it was read")
        guard let checkpoint = note.checkpoint else { return }
        must(checkpoint.text.utf8.elementsEqual(note.text.utf8), "a checkpoint is written as it was read")
    },
    "signature-line": { bytes in
        guard let text = String(validating: bytes, as: UTF8.self), let line = SignedNote.Signature(line: text) else {
            return
        }
        must(Array(line.line.utf8) == bytes, "a signature line is written as it was read")
        _ = Cosignature(line)?.bytes
    },
    "verifier-key": { bytes in
        guard let text = String(validating: bytes, as: UTF8.self), let key = VerifierKey(text) else { return }
        must(Array(key.description.utf8) == bytes, "a verifier key is written as it was read")
        _ = key.isSignature(Array(repeating: 1, count: 64), over: bytes)
    },
    "card": { bytes in
        guard let card = try? PolicyCard.parse(bytes) else { return }
        must(Array(card.encoded().utf8) == bytes, "a card is written as it was read")
        _ = NetworkCheck(card: card)
    },
    "anchor-payload": { bytes in
        guard let payload = AnchorPayload(bytes: bytes) else { return }
        must(payload.bytes == bytes, "an anchor is written as it was read")
        _ = SignedNote(payload.note(origin: "a/b/c/0").note)?.checkpoint
    },
    "block": { bytes in
        guard let block = try? Block.parse(bytes) else { return }
        must(block.serialized() == bytes, "a block is written as it was read")
        _ = try? block.validate()  // either answer
    },
    "milestone": { bytes in
        guard let milestone = try? Milestone.parse(bytes) else { return }
        must(milestone.serialized() == bytes, "a milestone is written as it was read")
        _ = milestone.verdict(keys: [], threshold: 1)
    },
    "path": { bytes in
        guard let path = try? InclusionPath(bytes: bytes) else { return }
        must(path.bytes == bytes, "a path is written as it was read")
    },
    "token": { bytes in
        guard let token = try? TimeStampToken.parse(response: bytes) else { return }
        _ = token.latestMs
        _ = token.authority
        _ = try? token.check(statement: bytes, nonce: nil, trust: TimeStampTrust())  // either answer
    },
    "certificates": { bytes in
        var trust = TimeStampTrust()
        // As DER behind its own armour, so that the fuzzer need not find base64.
        let body = Base64.encode(bytes)
        let pem = "-----BEGIN CERTIFICATE-----\n\(body)\n-----END CERTIFICATE-----\n"
        _ = try? trust.add(pem: Array(pem.utf8))  // either answer
        _ = try? trust.add(pem: bytes)
    },
    "ustar": { bytes in
        guard let read = try? Ustar.read(bytes) else { return }
        let again = Ustar.write(read.map { ($0.name, Array(bytes[$0.content])) })
        must(again == bytes, "a container is written as it was read")
    },
    "reading": { bytes in
        if let reading = try? ReadingFile.parse(bytes) {
            must(reading.encoded() == bytes, "a reading file is written as it was read")
        }
        _ = verify(file: bytes, card: goldenCard).sentence(.english)
        _ = verify(file: bytes).sentence(.german)
    },
]
