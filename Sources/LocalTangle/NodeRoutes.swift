import HTTPTypes
import Hummingbird
import NIOCore
import Tangle

/// The REST API of a node (tangle.md sections 5 and 8): decode, ask the node, encode.
struct NodeRoutes {
    static let bodyBytesMax = 1 << 20
    static let rawType = "application/vnd.iota.serializer-v1"
    static let jsonType = "application/json"
    private static let core = "/api/core/v2"

    let node: LocalTangleNode

    func router() -> Router<BasicRequestContext> {
        let router = Router()
        router.add(middleware: SlowMiddleware(node: node))
        router.add(middleware: RefusalMiddleware())
        router.get("/health") { _, _ in Response(status: await node.isHealthy ? .ok : .serviceUnavailable) }
        router.get("/api/routes") { _, _ in
            let plugins = await node.currentFaults.hasNoProofs ? ["core/v2"] : ["core/v2", "poi/v1"]
            return json(.members(["routes": .array(plugins.map { .string($0) })]))
        }
        router.get("\(Self.core)/info") { _, _ in json(await node.info()) }
        router.get("\(Self.core)/tips") { _, _ in
            json(.members(["tips": .array(try await node.tips().map { .string($0.text) })]))
        }
        addBlocks(to: router)
        addMilestones(to: router)
        addProofs(to: router)
        return router
    }

    private func addBlocks(to router: Router<BasicRequestContext>) {
        router.post("\(Self.core)/blocks") { request, _ in try await submit(request) }
        router.get("\(Self.core)/blocks/:block") { request, context in
            let wantsRaw = try wantsRaw(request)
            let bytes = try await node.block(try blockID(context))
            if wantsRaw { return raw(bytes) }
            return json(try form { () throws(TangleError) in try Block.parse(bytes).json() })
        }
        router.get("\(Self.core)/blocks/:block/metadata") { _, context in
            json(try await node.metadata(of: try blockID(context)))
        }
    }

    private func addMilestones(to router: Router<BasicRequestContext>) {
        router.get("\(Self.core)/milestones/by-index/:index") { request, context in
            guard let index = context.parameters.get("index").flatMap({ UInt32($0) }) else {
                throw NodeRefusal.badRequest("invalid milestone index")
            }
            return try answer(await node.milestone(index), request)
        }
        router.get("\(Self.core)/milestones/:milestone") { request, context in
            guard let id = context.parameters.get("milestone").flatMap({ MilestoneID($0) }) else {
                throw NodeRefusal.badRequest("invalid milestone id")
            }
            return try answer(await node.milestone(id), request)
        }
    }

    private func addProofs(to router: Router<BasicRequestContext>) {
        router.get("/api/poi/v1/create/:block") { _, context in
            guard await !node.currentFaults.hasNoProofs else { throw NodeRefusal.notFound("not found") }
            let proof = try await node.proof(of: try blockID(context))
            return json(try form { () throws(TangleError) in try proof.json() })
        }
        router.post("/api/poi/v1/validate") { request, _ in
            guard await !node.currentFaults.hasNoProofs else { throw NodeRefusal.notFound("not found") }
            let bytes = try await body(request)
            do {
                let proof = try InclusionProof(json: try JSON.parse(bytes))
                return json(.members(["valid": .bool(node.isValid(proof))]))
            } catch TangleError.path {
                return json(.members(["valid": .bool(false)]))
            } catch { throw NodeRefusal.badRequest("invalid proof: \(error)") }
        }
    }

    private func submit(_ request: Request) async throws -> Response {
        let type = request.headers[.contentType]?.split(separator: ";").first.map(String.init) ?? ""
        let bytes = try await body(request)
        let blockBytes: [UInt8]
        switch type.lowercased() {
        case Self.rawType:
            blockBytes = bytes
        case Self.jsonType, "":
            do { blockBytes = try Block(json: try JSON.parse(bytes)).serialized() } catch {
                throw NodeRefusal.badRequest("invalid block: \(error)")
            }
        default:
            throw NodeRefusal(status: 415, message: "content type \(type) is not taken")
        }
        var id = try await node.submit(blockBytes)
        switch await node.replyFault() {
        case .lost: return lost()
        case .otherID: id = Block.id(of: id.bytes)
        case nil: break
        }
        var response = json(.members(["blockId": .string(id.text)]))
        response.status = .created
        response.headers[.location] = "\(Self.core)/blocks/\(id.text)"
        return response
    }

    // MARK: Parts

    private func answer(_ milestone: Milestone?, _ request: Request) throws -> Response {
        let wantsRaw = try wantsRaw(request)
        guard let milestone else { throw NodeRefusal.notFound("milestone not found") }
        if wantsRaw { return raw(milestone.serialized()) }
        return json(try form { () throws(TangleError) in try milestone.json() })
    }

    private func blockID(_ context: BasicRequestContext) throws(NodeRefusal) -> BlockID {
        guard let id = context.parameters.get("block").flatMap({ BlockID($0) }) else {
            throw .badRequest("invalid block id")
        }
        return id
    }

    private func wantsRaw(_ request: Request) throws(NodeRefusal) -> Bool {
        let accepted = (request.headers[.accept] ?? "*/*").lowercased()
        if accepted.contains(Self.rawType) { return true }
        guard accepted.contains(Self.jsonType) || accepted.contains("*/*") || accepted.contains("application/*") else {
            throw NodeRefusal(status: 406, message: "\(accepted) is not offered")
        }
        return false
    }

    private func body(_ request: Request) async throws -> [UInt8] {
        var request = request
        do {
            let buffer = try await request.collectBody(upTo: Self.bodyBytesMax)
            return Array(buffer.readableBytesView)
        } catch is NIOTooManyBytesError {
            throw NodeRefusal(status: 413, message: "the body is larger than 1 MB")
        }
    }

    private func form(_ make: () throws(TangleError) -> JSON) throws(NodeRefusal) -> JSON {
        do { return try make() } catch { throw NodeRefusal(status: 500, message: "no JSON form: \(error)") }
    }

    /// An answer that breaks off before its first word: whoever asked cannot know whether it was done.
    private func lost() -> Response {
        Response(status: .created, body: ResponseBody(contentLength: 1) { _ in throw ReplyLost() })
    }

    private struct ReplyLost: Error {}

    private func raw(_ bytes: [UInt8]) -> Response { response(bytes, type: Self.rawType) }

    private func json(_ value: JSON) -> Response { response(value.bytes, type: Self.jsonType) }

    private func response(_ bytes: [UInt8], type: String) -> Response {
        Response(
            status: .ok, headers: [.contentType: type], body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}

/// Every answer of a slow node waits.
private struct SlowMiddleware: RouterMiddleware {
    let node: LocalTangleNode

    func handle(
        _ request: Request, context: BasicRequestContext,
        next: @concurrent (Request, BasicRequestContext) async throws -> Response
    ) async throws -> Response {
        try await node.waitIfSlow()
        return try await next(request, context)
    }
}

/// Every refusal, ours or the server's, becomes the error body of the REST API.
private struct RefusalMiddleware: RouterMiddleware {
    func handle(
        _ request: Request, context: BasicRequestContext,
        next: @concurrent (Request, BasicRequestContext) async throws -> Response
    ) async throws -> Response {
        do { return try await next(request, context) } catch let refusal as NodeRefusal {
            return response(refusal)
        } catch let error as HTTPError {
            return response(NodeRefusal(status: error.status.code, message: error.body ?? error.status.reasonPhrase))
        } catch let error as LocalTangleError {
            return response(NodeRefusal(status: 500, message: error.description))
        }
    }

    private func response(_ refusal: NodeRefusal) -> Response {
        Response(
            status: HTTPResponse.Status(code: refusal.status), headers: [.contentType: NodeRoutes.jsonType],
            body: .init(byteBuffer: ByteBuffer(bytes: refusal.json.bytes)))
    }
}
