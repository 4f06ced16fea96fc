import ArgumentParser
import CBuildInfo

@main
struct PlumblineBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "plumbline-bench",
        abstract: "Measures Plumbline against plain C loops, in one run.",
        version: String(cString: plumbline_version()),
        subcommands: [
            PowCommand.self, PowGatewayCommand.self, FieldCommand.self, FieldGatewayCommand.self,
            FieldDevicesCommand.self,
            FieldPublisherCommand.self, FieldSubscriberCommand.self, FieldMQTTCommand.self, EvidenceCommand.self,
            EvidencePeriodCommand.self,
        ])
}
