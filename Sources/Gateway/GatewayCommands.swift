import Capture
import Commanding
import Logging
import Profiles
import TwinModel

/// The command desk of a running gateway, tied to its connections, its anchors and its journal.
struct GatewayCommands: Sendable {
    let writer: LogWriter
    let keeper: TwinKeeper
    let journal: Logger

    /// - Parameters:
    ///   - profiles: those in force, asked for with every command.
    ///   - link: the connection a device hangs on now.
    ///   - anchorNow: asks for an anchor, after a critical command.
    func desk(
        profiles: @escaping @Sendable () async -> ProfileLibrary,
        link: @escaping @Sendable (String) async -> FieldWriter.Link?, anchorNow: @escaping @Sendable () async -> Void
    ) -> CommandDesk {
        let journal = journal
        return CommandDesk(
            writer: writer, keeper: keeper,
            source: { await profiles().profile($0.binding.profile)?.point($0.binding.profilePoint) },
            field: FieldWriter(link: link, keeper: keeper, sleepMs: writer.clock.sleepMs), anchorNow: anchorNow,
            tell: { news in
                let facts: Logger.Metadata = ["point": "\(news.point)", "leaf": "\(news.intent)"]
                if news.result == .done {
                    journal.notice("a command is done", metadata: facts)
                } else {
                    let why = news.why.map { ": " + $0 } ?? ""
                    journal.warning("a command ended \(news.result.name)\(why)", metadata: facts)
                }
            })
    }
}
