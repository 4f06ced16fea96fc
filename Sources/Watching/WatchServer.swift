import GracefulEnd
import HTTPTypes
import Hummingbird
import HummingbirdCore
package import Logging
import MerkleLog
import NIOCore
package import Witness

/// The witness's HTTP door: `POST /add-checkpoint` and `GET /<origin hash>/checkpoint` (C2SP `tlog-witness`), and
/// `GET /health`.
///
/// It holds no secret and answers nobody by name: what it gives out is signed. TLS, where it is wanted, is a reverse proxy's.
package struct WatchServer: Sendable {
    /// A connection on which nothing happens is closed after this, s.
    static let idleSeconds: Int64 = 60

    private let desk: WitnessDesk
    private let report: @Sendable () async -> WatchReport
    private let journal: Logger

    package init(desk: WitnessDesk, journal: Logger, report: @escaping @Sendable () async -> WatchReport) {
        self.desk = desk
        self.journal = journal
        self.report = report
    }

    /// Serves until cancelled. `port` 0 takes a free one; `onListening` is told which. Throws when the port is taken.
    package func run(
        host: String, port: Int, onListening: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
    ) async throws {
        var logger = Logger(label: "witness")
        logger.logLevel = .critical  // Connections that end with the server are no news.
        let application = Application(
            router: router(), server: .http1(configuration: .init(idleTimeout: .seconds(Self.idleSeconds))),
            configuration: ApplicationConfiguration(
                address: .hostname(host, port: port), serverName: nil, reuseAddress: true),
            onServerRunning: { channel in await onListening(channel.localAddress?.port ?? 0) }, logger: logger)
        try await runGracefully(application, logger: logger)
    }

    private func router() -> Router<BasicRequestContext> {
        let router = Router()
        router.post("add-checkpoint") { request, _ in await add(request) }
        router.get("health") { _, _ in
            let report = await self.report()
            return answer(
                status: report.exitCode == 0 ? .ok : .serviceUnavailable, type: "application/json",
                body: report.json + "\n")
        }
        router.get(":log/checkpoint") { _, context in
            do {
                guard let name = context.parameters.get("log"), let note = try await desk.latest(named: name) else {
                    return answer(status: .notFound, body: "this witness has cosigned nothing of that log\n")
                }
                return answer(status: .ok, body: note.note)
            } catch { return failed(error) }
        }
        return router
    }

    private func add(_ request: Request) async -> Response {
        let body: [UInt8]
        do {
            var request = request
            body = Array(buffer: try await request.collectBody(upTo: AddCheckpointRequest.bodyBytesMax))
        } catch {
            return answer(.malformed)
        }
        do { return answer(try await desk.add(body: body)) } catch { return failed(error) }
    }

    private func answer(_ answer: AddCheckpointAnswer) -> Response {
        self.answer(status: .init(code: answer.status), type: answer.contentType, body: answer.body)
    }

    /// The store fails: nothing was signed, and the log may ask again.
    private func failed(_ error: any Error) -> Response {
        journal.error("nothing is signed: \(error)")
        return answer(status: .internalServerError, body: "the witness cannot keep checkpoints now\n")
    }

    private func answer(
        status: HTTPResponse.Status, type: String = "text/plain; charset=utf-8", body: String
    ) -> Response {
        Response(
            status: status, headers: [.contentType: type, .cacheControl: "no-store"],
            body: .init(byteBuffer: ByteBuffer(string: body)))
    }
}
