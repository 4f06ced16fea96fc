package import Commanding
package import Disclosure
import FacilityPage
import GracefulEnd
import HTTPTypes
import Hummingbird
package import HummingbirdCore
package import Logging
import NIOCore
import ServiceLifecycle

/// Where and how the API listens, and what it may not make up by itself.
package struct ServerSettings: Sendable {
    /// Address to bind: `127.0.0.1`, `::1`, `localhost`; any other only with TLS.
    package var host: String
    /// 0 takes a free port; `onListening` tells which.
    package var port: Int
    /// The wire: plain by default, `.tls(…)` made by whoever wires the gateway.
    package var wire: Wire
    /// UTC ms.
    package var nowMs: @Sendable () -> Int64
    package var random: @Sendable () -> UInt64
    /// Returns after so many milliseconds, or throws when cancelled; event streams wait with it.
    package var pause: @Sendable (Int64) async throws -> Void
    /// The text of `/metrics`.
    package var metrics: @Sendable () async -> String = { "" }
    /// Whether `/metrics` is answered without a token.
    package var areMetricsOpen = false
    /// Told of every answer: its route's pattern, status and time from request to answer in nanoseconds.
    package var count: @Sendable (_ route: String, _ method: String, _ status: Int, _ tookNs: Int64) -> Void = {
        _, _, _, _ in
    }

    package enum Wire: Sendable {
        case plain
        case tls(HTTPServerBuilder)
    }

    package init(
        host: String = "127.0.0.1", port: Int, wire: Wire = .plain, nowMs: @escaping @Sendable () -> Int64,
        random: @escaping @Sendable () -> UInt64,
        pause: @escaping @Sendable (Int64) async throws -> Void = { try await Task.sleep(for: .milliseconds($0)) }
    ) {
        self.host = host
        self.port = port
        self.wire = wire
        self.nowMs = nowMs
        self.random = random
        self.pause = pause
    }

    package var isTLS: Bool { if case .tls = wire { true } else { false } }

    /// Whether nobody but this machine reaches the address.
    package var isLoopback: Bool {
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        let isV4 = parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
        return isV4 || host == "::1" || host == "localhost"
    }

    /// A random UUID of version 4 (RFC 9562 section 5.4), lower case.
    package func uuid() -> String {
        let high = (random() & ~0xF000) | 0x4000
        let low = (random() & 0x3FFF_FFFF_FFFF_FFFF) | 0x8000_0000_0000_0000
        func hex(_ value: UInt64) -> String {
            let text = String(value, radix: 16)
            return String(repeating: "0", count: 16 - text.count) + text
        }
        let digits = Array((hex(high) + hex(low)).utf8)
        let ends = [0, 8, 12, 16, 20, 32]
        return (0..<5).map { String(decoding: digits[ends[$0]..<ends[$0 + 1]], as: UTF8.self) }.joined(separator: "-")
    }
}

package enum ServerError: Error, Equatable, CustomStringConvertible {
    case addressNeedsTLS(host: String)

    package var description: String {
        switch self {
        case .addressNeedsTLS(let host):
            "the API will not listen on \(host) without TLS: tokens and readings would cross the network in the clear. "
                + "Name a certificate and a key in the configuration, or listen on 127.0.0.1"
        }
    }
}

/// The gateway's one HTTP door: the API, the log for foreign tools, and the page.
package struct FacilityServer: Service {
    private let facility: Facility
    private let commands: CommandDesk?
    private let settings: ServerSettings
    private let logger: Logger
    private let onListening: @Sendable (_ port: Int) async -> Void

    /// - Throws: `ServerError.addressNeedsTLS` for any address but loopback when the wire is plain.
    package init(
        facility: Facility, commands: CommandDesk? = nil, settings: ServerSettings, logger: Logger,
        onListening: @escaping @Sendable (_ port: Int) async -> Void = { _ in }
    ) throws(ServerError) {
        guard settings.isTLS || settings.isLoopback else { throw .addressNeedsTLS(host: settings.host) }
        self.facility = facility
        self.commands = commands
        self.settings = settings
        self.logger = logger
        self.onListening = onListening
    }

    /// Serves until it is cancelled or shut down gracefully; open event streams are ended, running answers finished.
    package func run() async throws {
        let builder: HTTPServerBuilder =
            switch settings.wire {
            case .plain: .http1(configuration: .init(idleTimeout: .seconds(120)))
            case .tls(let builder): builder
            }
        let listening = onListening
        let application = Application(
            router: router(), server: builder,
            configuration: ApplicationConfiguration(
                address: .hostname(settings.host, port: settings.port), serverName: nil, reuseAddress: true),
            onServerRunning: { channel in await listening(channel.localAddress?.port ?? 0) }, logger: logger)
        try await runGracefully(application, logger: logger)
    }

    private func router() -> Router<FacilityContext> {
        let limits = RateLimits()
        let session = Session(isTLS: settings.isTLS)
        let facility = facility
        let doorkeeper = Doorkeeper(
            signIn: { token in try await facility.signIn(token: token) }, session: session, limits: limits,
            settings: settings)
        let router = Router(context: FacilityContext.self, options: .autoGenerateHeadEndpoints)
        router.add(middleware: ProblemMiddleware(doorkeeper: doorkeeper))
        let routes = RouteTable(
            facility: facility, limits: limits, session: session, settings: settings, commands: commands
        ).routes
        for route in routes {
            router.on(RouterPath(route.pattern), method: route.method) { request, context in
                await doorkeeper.respond(request, context, route)
            }
        }
        refuseOtherMethods(router, routes, doorkeeper)
        return router
    }

    /// Where a path exists, a method that does not is 405 with `Allow`, not 404.
    private func refuseOtherMethods(_ router: Router<FacilityContext>, _ routes: [Route], _ doorkeeper: Doorkeeper) {
        let all: [HTTPRequest.Method] = [.get, .head, .post, .put, .patch, .delete, .options]
        for (pattern, group) in Dictionary(grouping: routes, by: \.pattern) {
            var known = group.map(\.method)
            if known.contains(.get) { known.append(.head) }
            let allow = all.filter { known.contains($0) }.map(\.rawValue).joined(separator: ", ")
            for method in all where !known.contains(method) {
                router.on(RouterPath(pattern), method: method) { request, context in
                    let language = PageLanguage.chosen(
                        cookieHeader: request.headers.value("cookie"),
                        acceptLanguage: request.headers.value("accept-language"))
                    let problem = Problem(
                        .methodNotAllowed, Words("This path takes \(allow).", "Dieser Pfad kennt \(allow).")
                    ).adding(header: "Allow", allow)
                    return doorkeeper.response(to: problem, language: language, logger: context.logger)
                }
            }
        }
    }
}
