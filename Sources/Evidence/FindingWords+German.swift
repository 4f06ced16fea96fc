extension FindingCode {
    var german: FindingWords {
        switch self {
        case .malformed:
            FindingWords(
                "Keine vollständige Nachweisdatei",
                "Die Datei ist abgeschnitten, unterwegs verändert worden oder keine Nachweisdatei.",
                "Holen Sie die Datei noch einmal vom Gateway und vergleichen Sie ihren SHA-256.")
        case .nonCanonical:
            FindingWords(
                "Bytes in anderer Form", "Ein Teil der Datei steht nicht in der einen Form, die das Format erlaubt.",
                "Stützen Sie sich nicht auf diese Datei. Fordern Sie sie neu an; melden Sie es, wenn dieselben Bytes kommen."
            )
        case .version:
            FindingWords(
                "Ein neueres Format",
                "Die Datei benutzt eine Version oder Eintragsart, die dieses Programm nicht kennt.",
                "Prüfen Sie die Datei mit einem neueren plumbline.")
        case .origin:
            FindingWords(
                "Das Protokoll eines anderen Gateways",
                "Die Datei gehört zu einem anderen Protokoll als die Richtlinienkarte.",
                "Benutzen Sie die Karte, die für dieses Gateway übergeben wurde.")
        case .signature:
            FindingWords(
                "Die Unterschrift des Gateways passt nicht",
                "Ein Prüfpunkt ist nicht mit dem Schlüssel der Richtlinienkarte unterschrieben oder wurde danach verändert.",
                "Stützen Sie sich nicht auf diese Datei. Fragen Sie den Betreiber nach einem Schlüsselwechsel und dessen Erklärung."
            )
        case .anchorMismatch:
            FindingWords(
                "Im Netz steht etwas anderes", "Der Block im Netz trägt nicht den Prüfpunkt dieser Datei.",
                "Stützen Sie sich nicht auf diese Datei. Holen Sie den Block mit seiner Kennung von einem Knoten und vergleichen Sie."
            )
        case .blockID:
            FindingWords(
                "Kein gültiger Block", "Die Bytes, die ein Block des Netzes sein sollen, sind keiner.",
                "Holen Sie die Datei noch einmal; stützen Sie sich nicht auf diese.")
        case .proofOfWork:
            FindingWords(
                "Zu wenig Arbeit im Block",
                "Ein Block erreicht nicht den Arbeitsnachweis, den die Richtlinienkarte verlangt.",
                "Fragen Sie den Betreiber, welcher Wert damals im Netz galt.")
        case .inclusion:
            FindingWords(
                "Ein Beweis führt nicht zu seiner Wurzel",
                "Ein Block steht nicht unter der Wurzel des Meilensteins, oder ein Eintrag nicht unter der unterschriebenen Wurzel.",
                "Stützen Sie sich nicht auf diese Datei. Fordern Sie sie neu an und prüfen Sie die neue.")
        case .milestoneSignature:
            FindingWords(
                "Der Meilenstein ist nicht wie vereinbart unterschrieben",
                "Einem Meilenstein fehlen gültige Unterschriften von genügend Inhabern der Richtlinienkarte.",
                "Stützen Sie sich nicht auf die Zeiten. Fragen Sie die Inhaber der Meilensteinschlüssel.")
        case .unknownKey:
            FindingWords(
                "Ein Unterzeichner fehlt auf der Karte",
                "Ein Meilenstein ist mit einem Schlüssel unterschrieben, den die Richtlinienkarte nicht nennt.",
                "Fordern Sie die Karte mit den heutigen Schlüsseln des Netzes an und prüfen Sie noch einmal.")
        case .milestoneFork:
            FindingWords(
                "Zwei Meilensteine mit einer Nummer",
                "Die Unterzeichner des Netzes haben zwei verschiedene Meilensteine mit derselben Nummer erklärt.",
                "Stützen Sie sich nicht auf die Zeiten. Fragen Sie die Inhaber, welcher der ihre ist.")
        case .beacon:
            FindingWords(
                "Ein Zeitzeichen passt nicht",
                "Ein ins Protokoll geschriebener Meilenstein oder ein dort genannter früherer Anker ist nicht der in der Datei.",
                "Stützen Sie sich nicht auf die untere Zeitgrenze. Fordern Sie die Datei neu an.")
        case .anchorSequence:
            FindingWords(
                "Eine Ankernummer fehlt", "Die Anker im Protokoll sind nicht fortlaufend nummeriert.",
                "Fordern Sie den fehlenden Anker vom Betreiber an.")
        case .equivocation:
            FindingWords(
                "Zwei Protokolle gleicher Länge",
                "Der Schlüssel hat für eine Länge des Protokolls zwei verschiedene Wurzeln unterschrieben.",
                "Stützen Sie sich nicht auf dieses Protokoll. Behalten Sie die Datei: Sie beweist zwei Fassungen.")
        case .rollback:
            FindingWords(
                "Das Protokoll wurde zurückgesetzt",
                "Ein späterer Anker hält ein kürzeres Protokoll, das nicht zu diesem gehört.",
                "Fragen Sie, ob das Gateway aus einem alten Abbild hergestellt wurde. Behalten Sie die Datei.")
        case .fork:
            FindingWords(
                "Eine andere Fassung wurde verankert", "Ein Anker hält ein Protokoll, das nicht zu diesem gehört.",
                "Stützen Sie sich nicht auf dieses Protokoll, bis das erklärt ist. Behalten Sie die Datei.")
        case .consistency:
            FindingWords(
                "Die Vergangenheit wurde umgeschrieben",
                "Das Protokoll am späteren Anker setzt das am früheren nicht fort.",
                "Stützen Sie sich nicht auf diese Datei. Fordern Sie sie neu an; behalten Sie beide.")
        case .range:
            FindingWords(
                "Die Einträge ergeben nicht die unterschriebene Wurzel",
                "Ein Eintrag zwischen den beiden Ankern wurde verändert, ausgelassen oder hinzugefügt.",
                "Stützen Sie sich nicht auf diese Datei. Fordern Sie sie neu an und vergleichen Sie.")
        case .gap:
            FindingWords(
                "Minuten fehlen", "Intervalle fehlen ohne erklärte Lücke, oder die Datei deckt weniger ab als gefragt.",
                "Fordern Sie eine Datei für die ganze Zeit an, oder fragen Sie, warum Intervalle fehlen.")
        case .itemCount:
            FindingWords(
                "Ein Strom oder ein Messwert fehlt",
                "Ein Intervall hält eine andere Zahl von Posten oder Messwerten, als das Protokoll nennt.",
                "Stützen Sie sich nicht auf diese Intervalle. Fordern Sie die Datei neu an.")
        case .itemHash:
            FindingWords(
                "Ein Messwert wurde verändert",
                "Die Posten eines Intervalls ergeben nicht die Wurzel, die im Protokoll steht.",
                "Stützen Sie sich nicht auf diese Messwerte. Fordern Sie die Datei neu an und vergleichen Sie.")
        case .itemMalformed:
            FindingWords(
                "Messwerte gegen die Regeln", "Ein Posten hält Messwerte, die den Regeln des Formats widersprechen.",
                "Das hat das Gateway selbst so geschrieben: Melden Sie es dem Betreiber.")
        case .erasedUndeclared:
            FindingWords(
                "Ohne Erklärung entfernt", "Messwerte fehlen, und keine Löschung im Protokoll deckt sie.",
                "Fordern Sie die Messwerte oder die erklärte Löschung vom Betreiber an.")
        case .configUnknown:
            FindingWords(
                "Die Konfiguration passt nicht",
                "Einheiten und Skalen der Datei sind nicht die, deren Hash im Protokoll steht.",
                "Stützen Sie sich nicht auf die Werte. Fordern Sie die Datei mit ihren Konfigurationen neu an.")
        case .backdated:
            FindingWords(
                "Älter, als das Netz erlaubt",
                "Ein Eintrag nennt eine Zeit vor dem Meilenstein, der beim Schreiben schon bekannt war.",
                "Fragen Sie nach der Uhr des Gateways. Die Reihenfolge hält, die genannten Zeiten nicht.")
        case .postdated:
            FindingWords(
                "Später, als das Netz erlaubt",
                "Ein Eintrag nennt eine Zeit nach dem Meilenstein, der ihn bestätigt hat.",
                "Fragen Sie nach der Uhr des Gateways. Die Reihenfolge hält, die genannten Zeiten nicht.")
        case .timeStamp:
            FindingWords(
                "Ein Zeitstempel passt nicht",
                "Ein Zeitstempel der Datei gilt nicht dem Prüfpunkt neben ihm, ist nicht richtig unterschrieben oder widerspricht den Zeiten des Protokolls.",
                "Stützen Sie sich nicht auf seine Zeit. Holen Sie die Datei noch einmal und vergleichen Sie; heben Sie beide auf."
            )
        case .policyFromFile:
            FindingWords(
                "Die Karte kam mit der Datei",
                "In sich stimmig, Herkunft nicht geprüft: Es lag keine eigene Richtlinienkarte vor.",
                "Prüfen Sie noch einmal mit --policy und der Karte, die man Ihnen übergeben hat.")
        case .noPolicy:
            FindingWords(
                "Keine Richtlinienkarte", "Es gibt keine Richtlinienkarte, weder Ihre eigene noch eine in der Datei.",
                "Prüfen Sie noch einmal mit --policy und der Karte, die man Ihnen übergeben hat.")
        case .selfNetwork:
            FindingWords(
                "Das eigene Netz des Betreibers",
                "Alle Meilensteinschlüssel hält der Betreiber. Der Betreiber könnte all das, auch die Zeiten, heute geschrieben haben.",
                "Verlangen Sie ein Netz mit einem fremden Inhaber, einen Zeugen oder einen Zeitstempel Dritter.")
        case .singleSigner:
            FindingWords(
                "Ein Unterzeichner genügt",
                "Die Richtlinienkarte nimmt einen Meilenstein mit der Unterschrift eines Inhabers an.",
                "Verlangen Sie eine Karte mit mindestens zwei Inhabern.")
        case .noOutsideMemory:
            FindingWords(
                "Kein Zeuge erinnert sich",
                "Kein Zeuge der Richtlinienkarte steht hinter dieser Datei; ein zurückgesetztes Protokoll kann unbemerkt bleiben.",
                "Bitten Sie den Betreiber, einen Zeugen hinzuzufügen.")
        case .anchorsUnwatched:
            FindingWords(
                "Anker nur aus der Datei",
                "Die Liste der Anker stammt aus dieser Datei; niemand hat das Netz nach weiteren beobachtet.",
                "Vergleichen Sie mit der Liste eines Beobachters, wenn es eine gibt.")
        case .anchorUnchecked:
            FindingWords(
                "Ein Anker außerhalb des Zeitraums",
                "Ein Anker liegt außerhalb des Zeitraums, und kein Beweis verbindet ihn.",
                "Fordern Sie eine Datei an, die auch die Zeit dieses Ankers abdeckt.")
        case .foreignAnchor:
            FindingWords(
                "Ein fremder Anker",
                "Die Datei nennt einen Anker ohne gültige Unterschrift dieses Protokolls. Er wurde ausgelassen.",
                "Nichts, wenn der Rest hält: Unter diesem Kennwort kann jeder schreiben.")
        case .unanchored:
            FindingWords(
                "Ein Zeitzeichen ohne Anker",
                "Das Protokoll kündigt einen Anker an, der nicht in der Datei ist. Der nächste begrenzt seine Einträge.",
                "Fordern Sie den fehlenden Anker an, wenn es auf die Zeitspanne ankommt.")
        case .noLowerBound:
            FindingWords(
                "Keine untere Zeitgrenze",
                "Für einige Einträge zeigt nichts in der Datei, dass sie nach einem bekannten Zeitpunkt geschrieben wurden.",
                "Fordern Sie eine Zeitraumdatei mit den Meilensteinen an, wenn es auf die frühe Grenze ankommt.")
        case .wideBracket:
            FindingWords(
                "Weite Zeitspanne", "Für einige Einträge liegen die beiden Grenzen mehr als eine Stunde auseinander.",
                "Fragen Sie, warum nicht verankert wurde.")
        case .erased:
            FindingWords(
                "Gelöscht und erklärt", "Einige Messwerte wurden gelöscht; die Löschung steht im Protokoll.",
                "Fragen Sie nach der Rechtsgrundlage, die mit der Löschung genannt ist.")
        case .withheld:
            FindingWords(
                "Ihnen nicht offengelegt", "Einige Ströme fehlen in dieser Datei. Dass es sie gibt, ist bewiesen.",
                "Fordern Sie sie an, wenn Sie sie brauchen.")
        case .epochLoss:
            FindingWords(
                "Ein Protokoll nach einem Verlust", "Dieses Protokoll folgt auf den erklärten Verlust eines früheren.",
                "Fordern Sie das frühere Protokoll bis zu seinem letzten Anker an.")
        case .compromised:
            FindingWords(
                "Der Schlüssel wurde als gestohlen erklärt",
                "Eine Erklärung mit dem Wiederherstellungsschlüssel sagt, dass der Protokollschlüssel bloßgestellt ist.",
                "Stützen Sie sich nur auf das, was vor dieser Erklärung verankert wurde.")
        case .derivedUnchecked:
            FindingWords(
                "Abgeleitete Werte nicht nachgerechnet",
                "Die Datei zeigt Werte, die aus Messwerten berechnet sind; sie wurden nicht nachgerechnet.",
                "Rechnen Sie sie aus den Messwerten der Datei nach.")
        case .timeStampUnchecked:
            FindingWords(
                "Ein Zeitstempel von unbekannter Stelle",
                "Ein Zeitstempel der Datei gilt dem Prüfpunkt neben ihm, aber Sie haben nicht gesagt, dass Sie seinem Aussteller trauen. Er wurde nicht benutzt.",
                "Geben Sie die Zertifikate der Stelle mit --tsa-ca an, oder verlangen Sie eine Karte, die sie nennt.")
        }
    }
}
