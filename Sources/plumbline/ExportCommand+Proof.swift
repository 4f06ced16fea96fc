import ArgumentParser
import Evidence
import MerkleLog

extension ExportCommand {
    /// The log's own proof of a reading file: its interval leaf under the signed checkpoint, as tools of others read it
    /// (C2SP `tlog-proof@v1`). Written only when the file holds.
    func writeTransparencyProof() throws {
        let (verdict, bytes) = try options.verify(file)
        let report = VerdictReport(verdict: verdict, file: file)
        if verdict.facts.kind == .period {
            throw Failure(
                "a period file has no proof of one reading", hint: "ask the gateway for the evidence of the reading",
                code: Failure.usageCode)
        }
        if verdict.vouchesForReadings {
            guard let reading = try? ReadingFile.parse(bytes),  // it was verified above
                let payload = AnchorPayload(bytes: reading.checkpoint)
            else { throw Failure("the reading file cannot be read") }
            let proof = TransparencyProof(
                index: reading.leafIndex, hashes: reading.inclusionProof, note: payload.note(origin: reading.origin))
            try Terminal.show(bytes: Array(proof.text.utf8))
        }
        for (message, hint) in report.complaints { Terminal.complain(message, hint: hint) }
        throw ExitCode(verdict.exitCode)
    }
}
