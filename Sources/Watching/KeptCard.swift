package import Evidence
import Hashing
import Witness

/// The policy card in the store: handed over at the first start, kept from then on, so that nobody can follow another log
/// with the memory of this one.
package enum KeptCard {
    package enum Failure: Error, Equatable, CustomStringConvertible {
        case missing(store: String)
        case unreadable(path: String)
        case otherOrigin(card: String, asked: String)
        case otherCard(path: String)

        package var description: String {
            switch self {
            case .missing(let store):
                "the store \(store) holds no policy card; name the card you were handed with --card at the first start"
            case .unreadable(let path): "\(path) is not a policy card; use the file you were handed, unchanged"
            case .otherOrigin(let card, let asked): "the card is for \(card), not for \(asked)"
            case .otherCard(let path):
                "\(path) is for another log or another log key than the store remembers; use another store for it"
            }
        }
    }

    /// The card to go by: `given` if there is one, which then replaces the kept one if it pins the same log and log key.
    package static func open(store: String, given: String?, origin: String?) throws -> PolicyCard {
        let path = store + "/card"
        let kept = try read(path)
        let new = try given.map { given in
            guard let card = try read(given) else { throw Failure.unreadable(path: given) }
            return card
        }
        guard let card = new ?? kept else { throw Failure.missing(store: store) }
        if let origin, card.origin != origin { throw Failure.otherOrigin(card: card.origin, asked: origin) }
        if let kept, kept.origin != card.origin || kept.logKey != card.logKey || kept.genesis != card.genesis {
            throw Failure.otherCard(path: given ?? path)
        }
        if card != kept { try StoreFiles.replace(path, with: Array(card.encoded().utf8)) }
        return card
    }

    private static func read(_ path: String) throws -> PolicyCard? {
        guard let bytes = try StoreFiles.read(path, sizeBytesMax: PolicyCard.sizeBytesMax) else { return nil }
        do { return try PolicyCard.parse(bytes) } catch {
            throw Failure.unreadable(path: path)
        }
    }
}
