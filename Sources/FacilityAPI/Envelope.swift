import Disclosure
import FacilityPage
import HTTPTypes
import Hashing
import Hummingbird
import HummingbirdCore
import NIOCore
import ServiceLifecycle

/// Puts status, caching, conditions, ranges and the headers of page.md section 8 around an answer.
enum Envelope {
    static let pieceBytes = 1 << 16

    static func response(_ answer: Answer, request: Request?) -> Response {
        var headers = HTTPFields()
        for header in FacilityPage.securityHeaders { headers.set(header.name, header.value) }
        headers.set("Cache-Control", answer.caching.rawValue)
        for header in answer.headers {
            if let name = HTTPField.Name(header.name) { headers.append(HTTPField(name: name, value: header.value)) }
        }
        if !answer.type.isEmpty { headers.set("Content-Type", answer.type) }
        let isGet = request.map { $0.method == .get || $0.method == .head } ?? false
        switch answer.body {
        case .bytes(let bytes):
            let etag = answer.etag ?? Conditional.etag(bytes)
            if isGet, answer.status == 200 {
                headers.set("ETag", etag)
                if let request, Conditional.matches(request.headers.value("if-none-match"), etag: etag) {
                    return notModified(headers)
                }
            }
            return Response(
                status: .init(code: answer.status), headers: headers,
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
        case .file(let file):
            return self.file(file, headers: headers, request: request)
        case .stream(let next, let ended):
            guard let asked = request, asked.method != .head else {
                ended()
                return Response(status: .init(code: answer.status), headers: headers)
            }
            let body = ResponseBody { writer in
                defer { ended() }
                // A reader who leaves is noticed at once, not at the next write: the place is free for its next page.
                try await asked.body.consumeWithCancellationOnInboundClose { _ in
                    while let piece = try await cancelWhenGracefulShutdown({ try await next() }) {
                        try await writer.write(ByteBuffer(bytes: piece))
                    }
                }
                try await writer.finish(nil)
            }
            return Response(status: .init(code: answer.status), headers: headers, body: body)
        }
    }

    private static func notModified(_ headers: HTTPFields) -> Response {
        var headers = headers
        headers[.contentType] = nil
        return Response(status: .notModified, headers: headers)
    }

    private static func file(_ file: MadeFile, headers: HTTPFields, request: Request?) -> Response {
        var headers = headers
        let etag = "\"" + file.sha256.hex + "\""
        headers.set("ETag", etag)
        headers.set("Repr-Digest", Answer.digest(file.sha256))
        headers.set("Accept-Ranges", "bytes")
        if let request, Conditional.matches(request.headers.value("if-none-match"), etag: etag) {
            return notModified(headers)
        }
        let range = Conditional.range(
            request?.headers.value("range"), ifRange: request?.headers.value("if-range"), etag: etag,
            sizeBytes: file.sizeBytes)
        let part: Range<Int>
        var status = HTTPResponse.Status.ok
        switch range {
        case .outside:
            headers.set("Content-Range", "bytes */\(file.sizeBytes)")
            headers[.contentType] = nil
            return Response(status: .rangeNotSatisfiable, headers: headers)
        case .whole: part = 0..<file.sizeBytes
        case .part(let asked):
            part = asked
            status = .partialContent
            headers.set("Content-Range", "bytes \(asked.lowerBound)-\(asked.upperBound - 1)/\(file.sizeBytes)")
        }
        let body = ResponseBody(contentLength: part.count) { writer in
            var offset = part.lowerBound
            while offset < part.upperBound {
                let piece = try FileReading.bytes(
                    of: file.path, offset: offset, count: min(pieceBytes, part.upperBound - offset))
                guard !piece.isEmpty else { throw FileReading.Failure.cutShort(path: file.path) }
                try await writer.write(ByteBuffer(bytes: piece))
                offset += piece.count
            }
            try await writer.finish(nil)
        }
        return Response(status: status, headers: headers, body: body)
    }
}
