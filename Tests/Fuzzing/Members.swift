import CanonicalCBOR
import Evidence
import Glibc
import Hashing

/// A golden file and its card, from the vectors that `Deploy/fuzz` points to.
private func golden(_ name: String) -> [UInt8] {
    let folder = getenv("PLUMBLINE_VECTORS").map { String(cString: $0) } ?? "Tests/Vectors"
    guard let file = fopen("\(folder)/evidence/\(name)", "rb") else { fatalError("\(name) cannot be opened") }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    while true {
        let count = fread(&piece, 1, piece.count, file)
        if count == 0 { return bytes }
        bytes += piece[..<count]
    }
}

let goldenCard: PolicyCard = {
    guard let card = try? PolicyCard.parse(golden("gateway-tsa.card")) else { fatalError("the golden card is none") }
    return card
}()

/// A whole period file: one with openings, later context and tokens would be best; this has what most of its decoders need.
private let goldenMembers: [(name: String, content: [UInt8])] = {
    let file = golden("honest-openings.period")
    guard let members = try? Ustar.read(file) else { fatalError("the golden period file is none") }
    return members.map { ($0.name, Array(file[$0.content])) }
}()

/// The members of a period file, each in its place of an honest file whose manifest is made anew: so the bytes reach the
/// decoder and, when it takes them, every check behind it.
let members: [String: FuzzTarget] = [
    "member-manifest": { judge("00-manifest.cbor", $0) },
    "member-card": { judge("01-policy.card", $0) },
    "member-context": { judge("02-context.cbor", $0) },
    "member-leaves": { judge("03-leaves", $0) },
    "member-range-proof": { judge("04-range.proof", $0) },
    "member-configs": { judge("05-configs.cbor", $0) },
    "member-note": { judge("10-checkpoints/00000004.note", $0) },
    "member-cosignatures": { judge("11-anchors/00000004.cosig", $0) },
    "member-token": { judge("11-anchors/00000004.tsr", $0) },
    "member-items": { judge("30-items/2026-03-02", $0) },
    "member-openings": { judge("31-openings.cbor", $0) },
    "period": { bytes in
        _ = verify(file: bytes, card: goldenCard).sentence(.english)
    },
]

private func judge(_ name: String, _ content: [UInt8]) {
    var members = goldenMembers.filter { $0.name != name }
    members.append((name, content))
    members.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    if name != "00-manifest.cbor" { members[0].content = manifest(members) }
    guard let file = Ustar.write(members) else { return }
    guard let parts = try? PeriodFile.parse(file) else { return }
    // A day's name is not compared with its records, so items may move to another member when they are written; the manifest's
    // list is what is written anew. All else has one form.
    if name != "30-items/2026-03-02", name != "00-manifest.cbor",
        let again = try? PeriodFileWriter.write(parts, periodMs: 60_000)
    {
        must(again == file, "a period file is written as it was read")
    }
    let verdict = verify(file: file, card: goldenCard)
    _ = verdict.sentence(.english)
    _ = verdict.sentence(.german)
}

/// The golden manifest with the lines of these members.
private func manifest(_ members: [(name: String, content: [UInt8])]) -> [UInt8] {
    guard case .array(var fields)? = try? CBOR.decode(goldenMembers[0].content) else { fatalError("no manifest") }
    fields[8] = .array(
        members.dropFirst().map { member in
            .array([
                .text(member.name), .unsigned(UInt64(member.content.count)), .bytes(sha256(member.content).bytes),
            ])
        })
    return CBOR.array(fields).encoded()
}
