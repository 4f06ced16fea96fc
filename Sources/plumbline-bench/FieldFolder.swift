import FoundationEssentials

/// A folder of its own for one gateway: profile, building and configuration as a person would write them. Removed at the end.
struct FieldFolder {
    /// What a simulated device answers, or a broker tells.
    enum Source {
        /// The devices of each port; unit ids count from 1 on each.
        case modbus(ports: [(port: Int, devices: Int)])
        case mqtt(port: Int)
    }

    let path: String
    var configurationPath: String { path + "/plumbline.yaml" }
    let pointCount: Int

    /// - Parameters:
    ///   - points: of each device, one register or topic each.
    ///   - every: period of a point.
    init(_ source: Source, points: Int, every: String = "1s") throws {
        path = FileManager.default.temporaryDirectory.path + "/plumbline-bench-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path + "/profiles", withIntermediateDirectories: true)
        var devices: [(id: String, address: String)] = []
        switch source {
        case .modbus(let ports):
            for (index, line) in ports.enumerated() {
                for unit in 1...line.devices {
                    devices.append(
                        ("d\(index)-\(unit)", "modbus: \"tcp://127.0.0.1:\(line.port)\", unit: \(unit)"))
                }
            }
        case .mqtt: devices = [("d0-1", "mqtt: bench")]
        }
        pointCount = devices.count * points
        try write("profiles/bench.yaml", Self.profile(source, points: points))
        try write("building.yaml", Self.building(devices, points: points, every: every))
        var configuration = """
            gateway: bench
            building: building.yaml
            profiles: profiles
            data: data
            api: {host: 127.0.0.1, port: 0}
            freeSpaceFloor: 1MiB

            """
        if case .mqtt(let port) = source { configuration += "mqtt: {host: 127.0.0.1, port: \(port)}\n" }
        try write("plumbline.yaml", configuration)
    }

    func remove() {
        // A folder that stays in the temporary directory harms nobody.
        try? FileManager.default.removeItem(atPath: path)
    }

    private func write(_ name: String, _ text: String) throws {
        try Data(text.utf8).write(to: URL(filePath: path + "/" + name))
    }

    private static func profile(_ source: Source, points: Int) -> String {
        var text = "profile: bench\nvendor: Plumbline\nmodels: [bench]\nconfidence: C\n"
        text += "provenance: [made up to measure]\n"
        switch source {
        case .modbus:
            text += "transport: modbus\ndefaults: {function: 3, order: ABCD, addressing: zero-based}\npoints:\n"
            for point in 0..<points {
                text += "  v\(point): {address: \(point), type: u16, unit: W, nature: gauge, brick: Sensor}\n"
            }
        case .mqtt:
            text += "transport: mqtt\npoints:\n"
            for point in 0..<points {
                text += "  v\(point): {topic: \"{root}/v\(point)\", plain: true, "
                text += "unit: W, nature: gauge, brick: Sensor}\n"
            }
        }
        return text
    }

    private static func building(_ devices: [(id: String, address: String)], points: Int, every: String) -> String {
        var text = "building: bench\ntimezone: Europe/Oslo\nentities:\n"
        for device in devices { text += "  \(device.id): {type: Electrical_Meter}\n" }
        text += "devices:\n"
        for device in devices { text += "  \(device.id): {profile: bench, \(device.address), every: \(every)}\n" }
        text += "points:\n"
        for device in devices {
            for point in 0..<points { text += "  \(device.id).v\(point): {from: \(device.id)#v\(point)}\n" }
        }
        return text
    }
}
