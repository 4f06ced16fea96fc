/// The closed list of problems (RFC 9457): the code is the contract, the status follows from it, the words are in two languages.
package enum ProblemCode: String, Sendable, CaseIterable {
    case malformedRequest = "malformed-request"
    case unknownParameter = "unknown-parameter"
    case timeWithoutZone = "time-without-zone"
    case emptyRange = "empty-range"
    case rangeTooLong = "range-too-long"
    case notSignedIn = "not-signed-in"
    case grantExpired = "grant-expired"
    case outsideGrant = "outside-grant"
    case noSuchResource = "no-such-resource"
    case methodNotAllowed = "method-not-allowed"
    case notAcceptable = "not-acceptable"
    case notYetAnchored = "not-yet-anchored"
    case notYetSealed = "not-yet-sealed"
    case commandConflict = "command-conflict"
    case erased
    case cursorExpired = "cursor-expired"
    case revisionChanged = "revision-changed"
    case bodyTooLarge = "body-too-large"
    case unsupportedType = "unsupported-type"
    case outOfBounds = "out-of-bounds"
    case notWritable = "not-writable"
    case keyReused = "key-reused"
    case unreadableFile = "unreadable-file"
    case preconditionRequired = "precondition-required"
    case tooManyRequests = "too-many-requests"
    case `internal`
    case starting
    case diskFull = "disk-full"
    case sealingStopped = "sealing-stopped"
    case deviceNoAnswer = "device-no-answer"

    package var status: Int {
        switch self {
        case .malformedRequest, .unknownParameter, .timeWithoutZone, .emptyRange, .rangeTooLong: 400
        case .notSignedIn, .grantExpired: 401
        case .outsideGrant: 403
        case .noSuchResource: 404
        case .methodNotAllowed: 405
        case .notAcceptable: 406
        case .notYetAnchored, .notYetSealed, .commandConflict: 409
        case .erased, .cursorExpired: 410
        case .revisionChanged: 412
        case .bodyTooLarge: 413
        case .unsupportedType: 415
        case .outOfBounds, .notWritable, .keyReused, .unreadableFile: 422
        case .preconditionRequired: 428
        case .tooManyRequests: 429
        case .internal: 500
        case .starting, .diskFull, .sealingStopped: 503
        case .deviceNoAnswer: 504
        }
    }

    package var title: Words { words.title }
    /// What it means and what to do, for the page at `/v1/problems/{code}`.
    package var meaning: Words { words.meaning }

    private var words: (title: Words, meaning: Words) {
        switch self {
        case .malformedRequest, .unknownParameter, .timeWithoutZone, .emptyRange, .rangeTooLong: askingWords
        case .notSignedIn, .grantExpired, .outsideGrant, .noSuchResource, .methodNotAllowed, .notAcceptable:
            findingWords
        case .notYetAnchored, .notYetSealed, .commandConflict, .erased, .cursorExpired, .revisionChanged: stateWords
        case .bodyTooLarge, .unsupportedType, .outOfBounds, .notWritable, .keyReused, .unreadableFile,
            .preconditionRequired:
            sendingWords
        default: serverWords
        }
    }
}

extension ProblemCode {
    private var askingWords: (Words, Words) {
        switch self {
        case .unknownParameter:
            (
                Words("This parameter is not known", "Dieser Parameter ist nicht bekannt"),
                Words(
                    "A parameter that is not known is refused, so that a spelling mistake never widens an answer. The problem names the nearest known one.",
                    "Ein unbekannter Parameter wird abgelehnt, damit ein Tippfehler nie eine Antwort erweitert. Das Problem nennt den nächsten bekannten."
                )
            )
        case .timeWithoutZone:
            (
                Words("The time has no zone", "Der Zeitangabe fehlt die Zone"),
                Words(
                    "Every time needs Z or an offset, such as 2026-03-01T14:00:00+01:00. For days of the building use day=2026-03-01.",
                    "Jede Zeitangabe braucht Z oder einen Versatz, etwa 2026-03-01T14:00:00+01:00. Für Tage des Gebäudes dient day=2026-03-01."
                )
            )
        case .emptyRange:
            (
                Words("The range is empty", "Der Zeitraum ist leer"),
                Words(
                    "from must be before to; to itself is not part of the range.",
                    "from muss vor to liegen; to selbst gehört nicht zum Zeitraum.")
            )
        case .rangeTooLong:
            (
                Words("The range is too long", "Der Zeitraum ist zu lang"),
                Words(
                    "One call covers a limited time. Ask in pieces, or make an evidence file.",
                    "Ein Aufruf umfasst eine begrenzte Zeit. Fragen Sie in Teilen, oder erstellen Sie eine Nachweisdatei."
                )
            )
        default:
            (
                Words("The request cannot be read", "Die Anfrage ist nicht lesbar"),
                Words(
                    "Something in the request is not in the form this call takes. The problem names the place and what was expected.",
                    "Etwas in der Anfrage hat nicht die Form, die dieser Aufruf erwartet. Das Problem nennt die Stelle und das Erwartete."
                )
            )
        }
    }

    private var findingWords: (Words, Words) {
        switch self {
        case .notSignedIn:
            (
                Words("You are not signed in", "Sie sind nicht angemeldet"),
                Words(
                    "Send the header Authorization: Bearer TOKEN. The operator makes a token with: plumblined token add NAME.",
                    "Senden Sie den Kopf Authorization: Bearer TOKEN. Der Betreiber erstellt ein Token mit: plumblined token add NAME."
                )
            )
        case .grantExpired:
            (
                Words("Your access has ended", "Ihr Zugang ist abgelaufen"),
                Words("Ask the operator for a new token.", "Bitten Sie den Betreiber um ein neues Token.")
            )
        case .outsideGrant:
            (
                Words("This is outside your access", "Das liegt außerhalb Ihres Zugangs"),
                Words(
                    "Your access covers other resources, actions or times.",
                    "Ihr Zugang gilt für andere Ressourcen, Handlungen oder Zeiten.")
            )
        case .methodNotAllowed:
            (
                Words("This method does not exist here", "Diese Methode gibt es hier nicht"),
                Words("The header Allow names the methods that do.", "Der Kopf Allow nennt die vorhandenen Methoden.")
            )
        case .notAcceptable:
            (
                Words("This form of answer does not exist", "Diese Form der Antwort gibt es nicht"),
                Words(
                    "The header Accept names only media types that this resource does not have.",
                    "Der Kopf Accept nennt nur Formate, die diese Ressource nicht hat.")
            )
        default:
            (
                Words("There is nothing here", "Hier gibt es nichts"),
                Words(
                    "The address or id is not known, or your access does not cover it.",
                    "Die Adresse oder Kennung ist nicht bekannt, oder Ihr Zugang umfasst sie nicht.")
            )
        }
    }

    private var stateWords: (Words, Words) {
        switch self {
        case .notYetAnchored:
            (
                Words("Not fixed yet", "Noch nicht verankert"),
                Words(
                    "The reading is written down; the network confirms within minutes. expectedAt says when to ask again.",
                    "Der Wert ist aufgeschrieben; das Netz bestätigt binnen Minuten. expectedAt sagt, wann eine neue Anfrage lohnt."
                )
            )
        case .notYetSealed:
            (
                Words("Not in the log yet", "Noch nicht im Protokoll"),
                Words(
                    "The reading is in the running interval, which is sealed at its end.",
                    "Der Wert liegt im laufenden Intervall, das an seinem Ende versiegelt wird.")
            )
        case .commandConflict:
            (
                Words("Another command is under way", "Ein anderer Befehl läuft"),
                Words("Wait for its outcome, then ask again.", "Warten Sie sein Ergebnis ab, dann fragen Sie erneut.")
            )
        case .erased:
            (
                Words("This was erased", "Das wurde gelöscht"),
                Words(
                    "Its hash remains in the log; the values are gone.",
                    "Der Hash bleibt im Protokoll; die Werte sind fort.")
            )
        case .revisionChanged:
            (
                Words("It has changed since you read it", "Es hat sich seit dem Lesen geändert"),
                Words("Read it again, then repeat the change.", "Lesen Sie neu, dann wiederholen Sie die Änderung.")
            )
        default:
            (
                Words("This page of the list is no longer kept", "Diese Seite der Liste wird nicht mehr vorgehalten"),
                Words(
                    "A cursor lives one hour. Start again without cursor.",
                    "Ein Cursor gilt eine Stunde. Beginnen Sie ohne cursor neu.")
            )
        }
    }

    private var sendingWords: (Words, Words) {
        switch self {
        case .bodyTooLarge:
            (
                Words("The body is too large", "Der Inhalt ist zu groß"),
                Words(
                    "The problem names the limit of this call in bytes.",
                    "Das Problem nennt die Grenze dieses Aufrufs in Byte.")
            )
        case .unsupportedType:
            (
                Words("This kind of body is not read here", "Diese Art Inhalt wird hier nicht gelesen"),
                Words(
                    "The problem names the media types this call reads.",
                    "Das Problem nennt die Formate, die dieser Aufruf liest.")
            )
        case .outOfBounds:
            (
                Words("The value is outside the allowed range", "Der Wert liegt außerhalb des erlaubten Bereichs"),
                Words(
                    "Choose a value in the range, or change the limit in the building file.",
                    "Wählen Sie einen Wert im Bereich, oder ändern Sie die Grenze in der Gebäudedatei.")
            )
        case .notWritable:
            (
                Words("This point cannot be written", "Dieser Punkt ist nicht schreibbar"),
                Words("The building file gives it no way to be written.", "Die Gebäudedatei sieht kein Schreiben vor.")
            )
        case .keyReused:
            (
                Words("This key was used for another request", "Dieser Schlüssel gehört zu einer anderen Anfrage"),
                Words("Send a new Idempotency-Key.", "Senden Sie einen neuen Idempotency-Key.")
            )
        case .preconditionRequired:
            (
                Words("The revision you changed is missing", "Die Angabe der geänderten Revision fehlt"),
                Words("Send If-Match with the ETag you read.", "Senden Sie If-Match mit dem gelesenen ETag.")
            )
        default:
            (
                Words("The file cannot be read", "Die Datei ist nicht lesbar"),
                Words(
                    "It is not a file this call takes, or it was cut off.",
                    "Diese Datei passt nicht zu diesem Aufruf, oder sie ist unvollständig.")
            )
        }
    }

    private var serverWords: (Words, Words) {
        switch self {
        case .tooManyRequests:
            (
                Words("Too many requests", "Zu viele Anfragen"),
                Words(
                    "Retry-After says in how many seconds to go on.",
                    "Retry-After sagt, in wie vielen Sekunden es weitergeht.")
            )
        case .starting:
            (
                Words("The gateway is starting", "Das Gateway startet"),
                Words("Ask again after Retry-After seconds.", "Fragen Sie nach Retry-After Sekunden erneut.")
            )
        case .diskFull:
            (
                Words("The gateway's disk is full", "Der Speicher des Gateways ist voll"),
                Words("The operator must free space.", "Der Betreiber muss Platz schaffen.")
            )
        case .sealingStopped:
            (
                Words("The gateway has stopped sealing", "Das Gateway versiegelt nicht mehr"),
                Words(
                    "The log does not match what it should be; the journal names the remedy.",
                    "Das Protokoll weicht vom Erwarteten ab; das Journal nennt die Abhilfe.")
            )
        case .deviceNoAnswer:
            (
                Words("The device does not answer", "Das Gerät antwortet nicht"),
                Words("Look at its power and its line.", "Prüfen Sie Strom und Leitung.")
            )
        default:
            (
                Words("Something went wrong here", "Hier ist etwas schiefgegangen"),
                Words(
                    "The fault is the gateway's. Tell the operator the instance of this problem; the journal has it too.",
                    "Der Fehler liegt beim Gateway. Nennen Sie dem Betreiber die instance dieses Problems; sie steht auch im Journal."
                )
            )
        }
    }
}
