/// Which SunSpec models a device has and where: its marker found, its model headers walked.
///
/// A device may answer anything: lengths that lead past the last register, no end model, a marker before nothing. The walk ends
/// within named bounds and says how.
package struct SunSpecMap: Hashable, Sendable {
    /// Where the marker is looked for, in this order, with function 3.
    package static let markerAddresses: [UInt16] = [40_000, 50_000, 0]
    /// `SunS` in two registers.
    package static let marker: [UInt16] = [0x5375, 0x6E53]
    /// The id of the model that says that no other follows.
    package static let endModelID: UInt16 = 0xFFFF
    /// Models that are walked, at most.
    package static let modelCountMax = 64

    /// Of the marker's first register, on the wire.
    package let address: UInt16
    /// In the order of their addresses, the end model left out.
    package let models: [Model]
    package let end: End

    package struct Model: Hashable, Sendable {
        package let id: UInt16
        /// Of the register that holds the id, on the wire.
        package let address: UInt16
        /// Registers after the two of the header, as the device says.
        package let length: UInt16

        package init(id: UInt16, address: UInt16, length: UInt16) {
            self.id = id
            self.address = address
            self.length = length
        }

        /// First and last register, the header included. The walk keeps only models that end within 65 535.
        package var span: ClosedRange<Int> { Int(address)...Int(address) + 1 + Int(length) }
    }

    package enum End: String, Hashable, Sendable {
        /// The end model was there.
        case ended = "end model"
        /// The device refused the next header; there is no end model.
        case refused = "no end model: the device refuses the next header"
        /// An id of 0 names no model.
        case noModel = "no end model: a model has id 0"
        /// A length leads past register 65 535.
        case beyond = "no end model: a length leads past the last register"
        /// `modelCountMax` models were walked.
        case tooMany = "stopped: too many models"
    }

    package init(address: UInt16, models: [Model], end: End) {
        self.address = address
        self.models = models
        self.end = end
    }

    /// Looks for the marker and walks the models behind it.
    ///
    /// - Parameter read: registers of function 3 from an address on; `nil` when the device refuses them. What it throws ends the search.
    /// - Returns: `nil` when no marker is there.
    package static func discover<Failure: Error>(
        read: (_ address: UInt16, _ count: Int) throws(Failure) -> [UInt16]?
    ) throws(Failure) -> SunSpecMap? {
        for address in markerAddresses {
            guard let words = try read(address, marker.count), words == marker else { continue }
            return try walk(from: address, read: read)
        }
        return nil
    }

    private static func walk<Failure: Error>(
        from marker: UInt16, read: (_ address: UInt16, _ count: Int) throws(Failure) -> [UInt16]?
    ) throws(Failure) -> SunSpecMap {
        var models: [Model] = []
        var next = Int(marker) + Self.marker.count
        while models.count < modelCountMax {
            guard let address = UInt16(exactly: next), next < 65_535 else {
                return SunSpecMap(address: marker, models: models, end: .beyond)
            }
            guard let header = try read(address, 2), header.count == 2 else {
                // Some devices have the end model's id and nothing behind it.
                let last = try read(address, 1)
                return SunSpecMap(address: marker, models: models, end: last == [endModelID] ? .ended : .refused)
            }
            if header[0] == endModelID { return SunSpecMap(address: marker, models: models, end: .ended) }
            if header[0] == 0 { return SunSpecMap(address: marker, models: models, end: .noModel) }
            let model = Model(id: header[0], address: address, length: header[1])
            guard model.span.upperBound <= 65_535 else {
                return SunSpecMap(address: marker, models: models, end: .beyond)
            }
            models.append(model)
            next = model.span.upperBound + 1
        }
        return SunSpecMap(address: marker, models: models, end: .tooMany)
    }
}
