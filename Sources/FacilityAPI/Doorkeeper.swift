import Commanding
import Disclosure
import FacilityPage
import HTTPTypes
import Hashing
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import Readings

/// What every route shares: reads the request, signs in, counts, calls the route, and puts the headers on.
struct Doorkeeper: Sendable {
    static let urlBytesMax = 8_192

    let signIn: @Sendable (String) async throws -> SignIn
    let session: Session
    let limits: RateLimits
    let settings: ServerSettings

    func respond(_ request: Request, _ context: FacilityContext, _ route: Route) async -> Response {
        let clock = ContinuousClock()
        let start = clock.now
        let response = await answer(request, context, route)
        let (seconds, attoseconds) = (clock.now - start).components
        settings.count(
            route.pattern, route.method.rawValue, response.status.code,
            seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
        return response
    }

    private func answer(_ request: Request, _ context: FacilityContext, _ route: Route) async -> Response {
        let language = PageLanguage.chosen(
            cookieHeader: request.headers.value("cookie"), acceptLanguage: request.headers.value("accept-language"))
        do {
            let (grant, remaining) = try await admit(request, route)
            let call = try await call(request, context, route, grant, language)
            var answer = try await route.answer(call)
            if answer.type == MediaType.json.rawValue, route.method == .get {
                _ = try MediaType.negotiate(accept: call.header("accept"), offered: [.json])
            }
            if let remaining, case .grant(let cost) = route.access {
                let name = "\"\(cost.rawValue)\""
                answer = answer.adding("RateLimit-Policy", "\(name);q=\(remaining.limit);w=60")
                    .adding("RateLimit", "\(name);r=\(remaining.left);t=\(remaining.resetSeconds)")
            }
            return Envelope.response(answer, request: request)
        } catch {
            return response(to: error, language: language, logger: context.logger)
        }
    }

    /// The problem document for anything thrown; what is not a problem is a fault of ours, told in the journal only.
    func response(to error: any Error, language: PageLanguage, logger: Logger) -> Response {
        let instance = "urn:uuid:" + settings.uuid()
        let problem: Problem
        switch error {
        case let known as Problem: problem = known
        case let refusal as Refusal: problem = refusal.problem
        case let refusal as CommandRefusal: problem = refusal.problem
        case let http as HTTPError where http.status == .notFound: problem = Problem(.noSuchResource)
        case let http as HTTPError where http.status == .contentTooLarge: problem = Problem(.bodyTooLarge)
        case is CancellationError: problem = Problem(.starting).adding(header: "Retry-After", "5")
        default:
            logger.error("a request failed", metadata: ["instance": "\(instance)", "error": "\(error)"])
            problem = Problem(.internal)
        }
        var answer = Answer(
            type: "application/problem+json", body: .bytes(problem.json(language: language, instance: instance)),
            caching: .never)
        answer.status = problem.code.status
        answer.headers = problem.headers
        answer.headers.append(("Content-Language", language.rawValue))
        if problem.code.status == 401 { answer.headers.append(("WWW-Authenticate", "Bearer")) }
        return Envelope.response(answer, request: nil)
    }

    private func admit(_ request: Request, _ route: Route) async throws -> (Grant, RateLimits.Remaining?) {
        guard request.uri.string.utf8.count <= Self.urlBytesMax else {
            throw Problem(
                .malformedRequest,
                Words("The address is longer than 8192 bytes.", "Die Adresse ist länger als 8192 Byte."))
        }
        guard case .grant(let cost) = route.access else {
            return (Grant(number: 0, name: "", role: .auditor, untilMs: nil), nil)
        }
        let token: String
        switch session.presented(request.headers) {
        case .nothing: throw Problem(.notSignedIn)
        case .bearer(let text): token = text
        case .cookie(let text):
            token = text
            guard route.method == .get || Session.isSameOrigin(request.headers) else {
                throw Problem(
                    .outsideGrant,
                    Words(
                        "A change that rests on the page's cookie must come from the page itself (Sec-Fetch-Site: same-origin).",
                        "Eine Änderung mit dem Cookie der Seite muss von der Seite selbst kommen (Sec-Fetch-Site: same-origin)."
                    ))
            }
        }
        switch try await signIn(token) {
        case .granted(let grant):
            guard route.isOpen(to: grant) else { throw Refusal.outsideGrant }
            return (grant, try limits.take(cost, key: String(grant.number), nowMs: settings.nowMs()))
        case .expired: throw Problem(.grantExpired)
        case .unknown:
            try limits.takeRefusal(nowMs: settings.nowMs())
            throw Problem(.notSignedIn, Words("This token is not known.", "Dieses Token ist nicht bekannt."))
        }
    }

    private func call(
        _ request: Request, _ context: FacilityContext, _ route: Route, _ grant: Grant, _ language: PageLanguage
    ) async throws -> Call {
        let query = try Query(request.uri.query)
        if !route.parameters.contains("*") { try query.allow(route.parameters) }
        var path: [String: String] = [:]
        for name in route.openSegments {
            guard let text = context.parameters.get(name), let decoded = percentDecoded(text) else {
                throw Problem(.noSuchResource)
            }
            path[name] = decoded
        }
        guard let fullPath = percentDecoded(request.uri.path) else { throw Problem(.noSuchResource) }
        let body =
            route.method == .get || route.method == .head ? [] : try await body(of: request, limit: route.bodyBytesMax)
        return Call(
            method: route.method, path: path, query: query, headers: request.headers, body: body, grant: grant,
            language: language, fullPath: fullPath)
    }

    private func body(of request: Request, limit: Int) async throws -> [UInt8] {
        let tooLarge = Refusal.tooLarge(limitBytes: limit)
        if let length = request.headers.value("content-length").flatMap({ Int($0) }), length > limit { throw tooLarge }
        var bytes: [UInt8] = []
        for try await piece in request.body {
            guard bytes.count + piece.readableBytes <= limit else { throw tooLarge }
            bytes.append(contentsOf: piece.readableBytesView)
        }
        return bytes
    }
}

/// The context Hummingbird makes for each request; nothing of ours lives in it.
struct FacilityContext: RequestContext {
    var coreContext: CoreRequestContextStorage

    init(source: ApplicationRequestContextSource) { coreContext = CoreRequestContextStorage(source: source) }
}

/// Turns what nothing else answered into a problem document.
struct ProblemMiddleware: RouterMiddleware {
    typealias Context = FacilityContext
    let doorkeeper: Doorkeeper

    func handle(
        _ request: Request, context: FacilityContext,
        next: @concurrent (Request, FacilityContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch {
            let language = PageLanguage.chosen(
                cookieHeader: request.headers.value("cookie"), acceptLanguage: request.headers.value("accept-language"))
            return doorkeeper.response(to: error, language: language, logger: context.logger)
        }
    }
}
