import Readings

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// The questions behind the evidence files, one small file each (`e-….question`), so that an id outlives a restart.
///
/// Text: `FROM TO CREATED STREAM…` in decimal, UTC ms. A note that cannot be written costs only that: after a restart the
/// question has to be asked again, and gives the same id and the same bytes.
struct EvidenceNotes: Sendable {
    let directory: String

    struct Note: Equatable {
        let id: String
        let question: EvidenceQuestion
        let createdMs: Int64
    }

    func write(_ question: EvidenceQuestion, id: String, createdMs: Int64) {
        mkdir(directory, 0o700)
        let words =
            [question.fromMs, question.toMs, createdMs].map { String($0) } + question.streams.map(\.description)
        guard let file = fopen(path(id), "w") else { return }
        fputs(words.joined(separator: " ") + "\n", file)
        fclose(file)
    }

    func remove(id: String) { unlink(path(id)) }

    /// The notes of an earlier run, oldest first. Made files and everything too old or unreadable are removed.
    func takeOver(nowMs: Int64) -> [Note] {
        mkdir(directory, 0o700)
        var notes: [Note] = []
        for name in names() where name.hasPrefix("e-") {
            guard name.hasSuffix(".question"), let note = read(String(name.dropLast(".question".count))),
                nowMs - note.createdMs <= EvidenceShelf.keptMs
            else {
                unlink(directory + "/" + name)
                continue
            }
            notes.append(note)
        }
        return notes.sorted { ($0.createdMs, $0.id) < ($1.createdMs, $1.id) }
    }

    private func path(_ id: String) -> String { directory + "/" + id + ".question" }

    private func read(_ id: String) -> Note? {
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
        return Note(id: id, question: EvidenceQuestion(fromMs: from, toMs: to, streams: streams), createdMs: created)
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
