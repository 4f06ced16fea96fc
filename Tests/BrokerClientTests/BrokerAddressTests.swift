import BrokerClient
import Testing

@Suite struct BrokerAddressTests {
    @Test func `an address is a host and a port, and nothing more`() {
        for (text, host, port) in [
            ("mqtt://broker.example", "broker.example", UInt16(1883)), ("mqtt://10.0.0.2:18830", "10.0.0.2", 18_830),
            ("mqtt://[::1]:1", "::1", 1), ("mqtt://[fe80::2]", "fe80::2", 1883), ("mqtt://h:65535", "h", 65_535),
        ] {
            let address = BrokerAddress(text)
            #expect(address?.host == host && address?.port == port, "\(text)")
            #expect(address.flatMap { BrokerAddress("\($0)") } == address)
        }
        for text in [
            "", "h", "mqtt://", "mqtt://:1883", "mqtt://h:", "mqtt://h:0", "mqtt://h:65536", "mqtt://h:+1",
            "mqtt://h:1/",
            "mqtt://u@h", "mqtt://h/x", "mqtts://h", "ws://h", "mqtt://[::1", "mqtt://[::1]x", "mqtt://h h",
            "mqtt://[]",
            "mqtt://" + String(repeating: "h", count: 400),
        ] { #expect(BrokerAddress(text) == nil, "\(text)") }
    }
}
