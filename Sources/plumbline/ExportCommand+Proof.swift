import ArgumentParser
import Evidence
import MerkleLog

extension ExportCommand {
    /// The log's own proof of a leaf under the signed checkpoint, as tools of others read it (C2SP `tlog-proof@v1`): of a reading
    /// file its interval leaf, of a period file the one that `--leaf` names. Written only when the file holds.
    func writeTransparencyProof() throws {
        let (verdict, source) = try options.verify(file)
        let report = VerdictReport(verdict: verdict, file: file)
        if verdict.facts.kind == .period, leaf == nil {
            throw Failure(
                "a period file has many leaves", hint: "name one with --leaf; plumbline inspect shows which there are",
                code: Failure.usageCode)
        }
        if verdict.vouchesForReadings {
            let bytes = try source.bytes(sizeBytesMax: FileInput.sizeBytesMax)
            let proof = verdict.facts.kind == .period ? try periodProof(bytes) : try readingProof(bytes)
            if beside {
                let path = file + (leaf.map { ".\($0)" } ?? "") + ".tlog-proof"
                try FileOutput.write(Array(proof.text.utf8), to: path)
                try Terminal.show(Terminal.safe(path))
            } else {
                try Terminal.show(bytes: Array(proof.text.utf8))
            }
        }
        for (message, hint) in report.complaints { Terminal.complain(message, hint: hint) }
        throw ExitCode(verdict.exitCode)
    }

    private func readingProof(_ bytes: [UInt8]) throws -> TransparencyProof {
        guard let reading = try? ReadingFile.parse(bytes),  // it was verified above
            let payload = AnchorPayload(bytes: reading.checkpoint)
        else { throw Failure("the reading file cannot be read") }
        if let leaf, leaf != reading.leafIndex {
            throw Failure(
                "the reading file has no leaf \(leaf)", hint: "it has leaf \(reading.leafIndex)",
                code: Failure.usageCode)
        }
        return TransparencyProof(
            index: reading.leafIndex, hashes: reading.inclusionProof, note: payload.note(origin: reading.origin))
    }

    private func periodProof(_ bytes: [UInt8]) throws -> TransparencyProof {
        guard let leaf, let parts = try? PeriodFile.parse(bytes),  // it was verified above
            let range = parts.leafRange
        else { throw Failure("the period file cannot be read") }
        guard let proof = parts.transparencyProof(of: leaf) else {
            throw Failure(
                "the period file has no leaf \(leaf)",
                hint: "it has the leaves \(range.lowerBound) to \(range.upperBound - 1)", code: Failure.usageCode)
        }
        return proof
    }
}
