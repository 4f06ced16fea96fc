import Tangle

/// Why the node does not do what was asked, as HTTP says it.
package struct NodeRefusal: Error, Equatable {
    package var status: Int
    package var message: String

    static func badRequest(_ message: String) -> NodeRefusal { NodeRefusal(status: 400, message: message) }
    static func notFound(_ message: String) -> NodeRefusal { NodeRefusal(status: 404, message: message) }
    static func unavailable(_ message: String) -> NodeRefusal { NodeRefusal(status: 503, message: message) }

    /// The error body of the REST API; the code is a text there.
    var json: JSON {
        .members(["error": .members(["code": .string(String(status)), "message": .string(message)])])
    }
}
