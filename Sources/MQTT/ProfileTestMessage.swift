package import BrokerClient
package import Profiles

extension MQTTMessage {
    /// What a test of a profile says that the device sent: characters, for Sparkplug B the bytes as hex digits.
    ///
    /// `nil` where a Sparkplug test holds something else than pairs of hex digits.
    package init?(test text: String, topic: String, of profile: DeviceProfile) {
        guard profile.isSparkplug else {
            self.init(topic: topic, text: text)
            return
        }
        guard let bytes = TLVRecords.hex(Array(text.utf8)) else { return nil }
        self.init(topic: topic, payload: bytes)
    }
}

extension DeviceProfile {
    /// The root that the topics of its tests begin with; for Sparkplug B group `root`, node `node`.
    package var testRoot: String { isSparkplug ? "root/node" : "root" }
}
