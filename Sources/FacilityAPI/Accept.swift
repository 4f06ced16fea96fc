/// Chooses the form of an answer from `Accept` (RFC 9110 section 12.5.1) and from `?format=`.
package enum MediaType: String, Sendable, CaseIterable {
    case json = "application/json"
    case csv = "text/csv"
    case html = "text/html"
    case tar = "application/x-tar"
    case reading = "application/vnd.plumbline.reading+cbor"
    case text = "text/plain"
    case binary = "application/octet-stream"
    case events = "text/event-stream"

    /// The offered type the client prefers; the first offered on a tie or without a header.
    package static func negotiate(accept: String?, offered: [MediaType]) throws(Problem) -> MediaType {
        guard let standard = offered.first else { throw Problem(.notAcceptable) }
        guard let accept, !accept.isEmpty else { return standard }
        let wishes = Preference.parse(accept)
        var best: (type: MediaType, weight: Int)?
        for type in offered {
            let weight = weight(of: type.rawValue, in: wishes)
            if weight > (best?.weight ?? 0) { best = (type, weight) }
        }
        guard let best else {
            let names = offered.map(\.rawValue).joined(separator: ", ")
            throw Problem(
                .notAcceptable, Words("This resource comes as \(names).", "Diese Ressource gibt es als \(names)."))
        }
        return best.type
    }

    /// The weight of the most specific range that matches.
    private static func weight(of type: String, in wishes: [Preference]) -> Int {
        let main = type.prefix { $0 != "/" }
        for range in [type, main + "/*", "*/*"] {
            if let wish = wishes.first(where: { $0.name == range }) { return wish.weight }
        }
        return 0
    }
}
