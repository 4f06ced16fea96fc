import Readings

/// A Milesight AM308 in a room, as a ChirpStack v4 server passes its uplinks on.
struct RoomSensor: Sendable {
    static let application = "1"

    let room: String
    /// 16 hex digits.
    let deviceEUI: String

    static let house = RoomPlan.house.map { plan in
        RoomSensor(room: plan.id, deviceEUI: "24e124710c0001" + (plan.number < 10 ? "0" : "") + String(plan.number))
    }

    /// The root that a building file gives the device.
    var root: String { "application/\(Self.application)/device/\(deviceEUI)" }
    var topic: String { root + "/event/up" }

    /// The uplink's JSON; `atMs` is the arrival at the radio gateway, `frame` the LoRaWAN frame counter.
    func uplink(_ zone: Zone, atMs: Int64, frame: UInt32) -> String {
        let temperature = (zone.temperature * 10).rounded() / 10
        let humidity = (zone.humidity * 2).rounded() / 2
        let co2 = Int(zone.co2.rounded())
        let pir = zone.people > 0
        let light = zone.light
        let level = light < 6 ? 0 : light < 51 ? 1 : light < 101 ? 2 : light < 401 ? 3 : light < 701 ? 4 : 5
        let pressure = 1_009.4
        let tvoc = 120 + zone.people * 9
        let bytes = Self.frame(
            temperature: temperature, humidity: humidity, pir: pir, light: level, co2: co2, tvoc: tvoc,
            pressure: pressure)
        return """
            {"deduplicationId":"\(Self.identifier(deviceEUI, frame))","time":"\(UTCTime.text(atMs))","deviceInfo":{"tenantId":\
            "5b1c7a42-8d0e-4f51-9f0c-0d6d2f6a1c10","applicationId":"\(Self.application)","applicationName":"building",\
            "deviceProfileName":"AM308","deviceName":"\(room)","devEui":"\(deviceEUI)","tags":{}},"devAddr":"01\(deviceEUI.suffix(6))",\
            "adr":true,"dr":5,"fCnt":\(frame),"fPort":85,"confirmed":false,"data":"\(Self.base64(bytes))","object":{\
            "battery":97,"temperature":\(temperature),"humidity":\(humidity),"pir":"\(pir ? "trigger" : "idle")","light_level":\(level),\
            "co2":\(co2),"tvoc":\(tvoc),"pressure":\(pressure)},"rxInfo":[{"gatewayId":"7076ff0064030456","rssi":-71,"snr":9.5}]}
            """
    }

    /// Channel, type, value in little-endian, one after the other (Milesight AM300 series).
    static func frame(
        temperature: Double, humidity: Double, pir: Bool, light: Int, co2: Int, tvoc: Int, pressure: Double
    ) -> [UInt8] {
        func word(_ value: Double) -> [UInt8] {
            let bits = UInt16(bitPattern: Int16(clamping: Int(value.rounded())))
            return [UInt8(bits & 0xFF), UInt8(bits >> 8)]
        }
        return [0x01, 0x75, 97, 0x03, 0x67] + word(temperature * 10) + [0x04, 0x68, UInt8(clamping: Int(humidity * 2))]
            + [0x05, 0x00, pir ? 1 : 0, 0x06, 0xCB, UInt8(clamping: light), 0x07, 0x7D] + word(Double(co2)) + [
                0x08, 0xE6,
            ]
            + word(Double(tvoc)) + [0x09, 0x73] + word(pressure * 10)
    }

    static func base64(_ bytes: [UInt8]) -> String {
        let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var text: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let part = bytes[start..<min(start + 3, bytes.count)]
            var word: UInt32 = 0
            for (offset, byte) in part.enumerated() { word |= UInt32(byte) << UInt32(16 - 8 * offset) }
            for place in 0..<4 {
                text.append(place <= part.count ? digits[Int(word >> UInt32(18 - 6 * place) & 63)] : UInt8(ascii: "="))
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// A version 4 identifier made of device and frame, so that the same run says the same.
    private static func identifier(_ eui: String, _ frame: UInt32) -> String {
        let noise = Noise(seed: UInt64(eui, radix: 16) ?? 0)
        let digits = Array("0123456789abcdef")
        let text = String((0..<32).map { digits[Int(noise.uniform(60, Int64(frame) * 32 + $0) * 16)] })
        func part(_ from: Int, _ count: Int) -> Substring { text.dropFirst(from).prefix(count) }
        return "\(part(0, 8))-\(part(8, 4))-4\(part(13, 3))-a\(part(17, 3))-\(part(20, 12))"
    }
}
