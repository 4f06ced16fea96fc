package import MerkleLog
package import Witness

/// What a log asks of a witness. One implementation talks HTTP; tests put their own in its place.
package protocol WitnessCalls: Sendable {
    /// For messages: the witness's address.
    var name: String { get }
    /// Hands in a checkpoint. A refusal is an answer.
    func add(_ request: AddCheckpointRequest) async throws(CallError) -> AddCheckpointAnswer
    /// The latest checkpoint the witness cosigned, with the log's own signature; `nil` when it says that there is none.
    func latest(origin: String) async throws(CallError) -> SignedNote?
}

/// A witness behind its HTTP interface (C2SP `tlog-witness`): one prefix for handing in and for asking.
package struct HTTPWitness: WitnessCalls {
    /// Whole time of one call, ms: what a witness may cost the log is a few of these.
    package static let timeoutMs: Int64 = 3_000

    private let http: BoundedHTTP

    /// - Parameter url: the submission prefix, `http://HOST:PORT` or with a path behind it.
    package init(url: String) { http = BoundedHTTP(url: url, timeoutMs: Self.timeoutMs) }

    package var name: String { http.name }

    package func shutdown() async throws { try await http.shutdown() }

    package func add(_ request: AddCheckpointRequest) async throws(CallError) -> AddCheckpointAnswer {
        let (status, body) = try await http.call(
            "/add-checkpoint", posting: request.body, bytesMax: AddCheckpointAnswer.bodyBytesMax)
        if let answer = AddCheckpointAnswer(status: status, body: body) { return answer }
        if [200, 409].contains(status) { throw .malformed(what: "add-checkpoint") }
        throw .refused(status: status)
    }

    package func latest(origin: String) async throws(CallError) -> SignedNote? {
        let (status, body) = try await http.call(
            "/\(WitnessMemory.name(origin: origin))/checkpoint", bytesMax: WitnessMemory.noteBytesMax)
        if status == 404 { return nil }
        guard status == 200 else { throw .refused(status: status) }
        guard let text = String(validating: body, as: UTF8.self), let note = SignedNote(text) else {
            throw .malformed(what: "checkpoint")
        }
        return note
    }
}
