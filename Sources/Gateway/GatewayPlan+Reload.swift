package import Disclosure
import TwinModel

extension GatewayPlan {
    /// Why another plan cannot take this one's place while the gateway runs: what needs a restart, what is fixed for ever, what could
    /// not be logged. Empty when it can.
    ///
    /// - Parameter file: the configuration file, for the messages.
    package func mistakes(changingTo wanted: GatewayPlan, file: String) -> [ConfigurationMistake] {
        let hint = "restart the gateway, or set it back"
        var mistakes = configuration.keysThatNeedRestart(comparedTo: wanted.configuration).map {
            ConfigurationMistake(place: file, message: "needs a restart: \($0)", hint: hint)
        }
        let place = wanted.configuration.buildingPath
        if self.building.id != wanted.building.id {
            mistakes.append(
                ConfigurationMistake(
                    place: place, message: "the building's id cannot change within a log",
                    hint: "set it back to \(self.building.id)"))
        }
        if self.building.timeZone != wanted.building.timeZone {
            mistakes.append(ConfigurationMistake(place: place, message: "needs a restart: timezone", hint: hint))
        }
        if wanted.building.points.isEmpty {
            mistakes.append(ConfigurationMistake(place: place, message: "the building has no point"))
        }
        return mistakes
    }
}
