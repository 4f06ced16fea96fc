extension GatewayConfiguration {
    /// Keys in which another configuration differs so that only a restart can put it in force, in the order of the reference.
    ///
    /// Not among them: `building` and `profiles`, whose files are read again.
    package func keysThatNeedRestart(comparedTo other: GatewayConfiguration) -> [String] {
        var keys: [String] = []
        func compare<Value: Equatable>(_ key: String, _ value: (GatewayConfiguration) -> Value) {
            if value(self) != value(other) { keys.append(key) }
        }
        compare("gateway") { $0.gateway }
        compare("data") { $0.dataPath }
        compare("log.period") { $0.log.periodMs }
        compare("log.snapshotEvery") { $0.log.snapshotEveryMs }
        compare("log.rereadWithin") { $0.log.rereadWithinMs }
        compare("api.host") { $0.api.host }
        compare("api.port") { $0.api.port }
        compare("api.certificate") { $0.api.certificatePath }
        compare("api.key") { $0.api.keyPath }
        compare("api.metrics") { $0.api.metrics }
        compare("mqtt") { $0.mqtt }
        compare("anchors.every") { $0.anchors.everyMs }
        compare("anchors.lateAfter") { $0.anchors.lateAfterMs }
        compare("witnesses") { $0.witnesses }
        compare("timeStamp") { $0.timeStamp }
        compare("tangle") { $0.tangle }
        compare("localTangle") { $0.localTangle }
        compare("freeSpaceFloor") { $0.freeSpaceFloorBytes }
        compare("journal") { $0.journal }
        // A key that is forgotten above must not be taken for one that can change.
        var same = other
        (same.buildingPath, same.profilesPath) = (buildingPath, profilesPath)
        if keys.isEmpty, same != self { keys.append("plumbline.yaml") }
        return keys
    }
}
