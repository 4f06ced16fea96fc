import Hashing
import Readings

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The questions behind the evidence files, one small file each (`e-….question`), so that an id outlives a restart.
///
/// Text: `FROM TO CREATED STREAM…` in decimal, UTC ms. Beside a file that is made (`e-….evidence`) its facts lie in
/// `e-….made`: `SIZE SHA256 FIRST LAST EXPIRES`, so that it is not made again. A note that cannot be written costs only that: after a restart the
/// question has to be asked again, and gives the same id and the same bytes.
struct EvidenceNotes: Sendable {
    let directory: String

    struct Note: Equatable {
        let id: String
        let question: EvidenceQuestion
        let createdMs: Int64
        /// The file that was made for it, if it is there, whole and not over.
        let made: Made?
    }

    struct Made: Equatable {
        let file: MadeFile
        let expiresMs: Int64

        var madeMs: Int64 { expiresMs - EvidenceShelf.keptMs }
    }

    func write(_ question: EvidenceQuestion, id: String, createdMs: Int64) {
        mkdir(directory, 0o700)
        let words =
            [question.fromMs, question.toMs, createdMs].map { String($0) } + question.streams.map(\.description)
        put(words, at: path(id))
    }

    func writeMade(_ made: Made, id: String) {
        let file = made.file
        put(
            [
                "\(file.sizeBytes)", file.sha256.hex, "\(file.firstAnchor)", "\(file.lastAnchor)", "\(made.expiresMs)",
            ], at: directory + "/" + id + ".made")
    }

    func remove(id: String) {
        unlink(path(id))
        unlink(directory + "/" + id + ".made")
    }

    private func put(_ words: [String], at path: String) {
        guard let file = fopen(path, "w") else { return }
        fputs(words.joined(separator: " ") + "\n", file)
        fclose(file)
    }

    /// The notes of an earlier run, oldest first. Whatever is too old, unreadable or without its question is removed.
    func takeOver(nowMs: Int64) -> [Note] {
        mkdir(directory, 0o700)
        var notes: [Note] = []
        let names = names().filter { $0.hasPrefix("e-") }
        for name in names where name.hasSuffix(".question") {
            let id = String(name.dropLast(".question".count))
            if let note = read(id, nowMs: nowMs) { notes.append(note) }
        }
        let kept = Set(
            notes.flatMap { note in
                [note.id + ".question"] + (note.made == nil ? [] : [note.id + ".made", note.id + ".evidence"])
            })
        for name in names where !kept.contains(name) { unlink(directory + "/" + name) }
        return notes.sorted { ($0.createdMs, $0.id) < ($1.createdMs, $1.id) }
    }

    private func path(_ id: String) -> String { directory + "/" + id + ".question" }

    private func made(_ id: String, nowMs: Int64) -> Made? {
        let path = directory + "/" + id
        // Written by this room; anything unlike it is as good as not made.
        guard let bytes = try? FileReading.bytes(of: path + ".made", offset: 0, count: 4_096) else { return nil }
        let words = String(decoding: bytes, as: UTF8.self).split { $0 == " " || $0 == "\n" }
        guard words.count == 5, let sizeBytes = Int(words[0]), sizeBytes >= 0, let hash = Hash(hex: String(words[1])),
            let first = Int(words[2]), let last = Int(words[3]), let expiresMs = Int64(words[4]), nowMs < expiresMs,
            FileReading.sha256(of: path + ".evidence", sizeBytes: sizeBytes) == hash
        else { return nil }
        return Made(
            file: MadeFile(
                path: path + ".evidence", sizeBytes: sizeBytes, sha256: hash, firstAnchor: first, lastAnchor: last),
            expiresMs: expiresMs)
    }

    private func read(_ id: String, nowMs: Int64) -> Note? {
        // Written by this room; anything unlike it is no note.
        guard let bytes = try? FileReading.bytes(of: path(id), offset: 0, count: 65_536) else { return nil }
        let words = String(decoding: bytes, as: UTF8.self).split { $0 == " " || $0 == "\n" }
        guard words.count >= 3, let from = Int64(words[0]), let to = Int64(words[1]), let created = Int64(words[2]),
            from < to
        else {
            return nil
        }
        let streams = words.dropFirst(3).compactMap { UInt32($0) }.map { StreamNumber($0) }
        guard streams.count == words.count - 3 else { return nil }
        let made = made(id, nowMs: nowMs)
        guard made != nil || nowMs - created <= EvidenceShelf.keptMs else { return nil }
        return Note(
            id: id, question: EvidenceQuestion(fromMs: from, toMs: to, streams: streams), createdMs: created, made: made
        )
    }

    private func names() -> [String] {
        guard let folder = opendir(directory) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let found = readdir(folder) {
            names.append(
                withUnsafeBytes(of: found.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) })
        }
        return names
    }
}
