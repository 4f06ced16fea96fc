package import Hashing

/// What a device taught about how it wants to be read; good for as long as profile and address stay.
package struct FieldMemory: Hashable, Sendable {
    /// Longest text of one layout; a device that teaches more is learned anew after a restart.
    package static let layoutBytesMax = 64 << 10

    /// Id in the building file.
    package let device: String
    /// SHA-256 of the profile's canonical form.
    package let profileHash: Hash
    /// As in the building file, with the unit.
    package let address: String
    /// The text form that the field side reads back.
    package let layout: String
    /// When it was learned, ms since 1970.
    package let learnedMs: UInt64

    package init(device: String, profileHash: Hash, address: String, layout: String, learnedMs: UInt64) {
        self.device = device
        self.profileHash = profileHash
        self.address = address
        self.layout = layout
        self.learnedMs = learnedMs
    }
}

/// The field side's memory. It saves requests and is no evidence: what is lost is learned again.
extension Ledger {
    /// Keeps these, each in place of what was known of its device. Too long a layout is left out.
    package func remember(_ memories: [FieldMemory]) throws {
        let kept = memories.filter { $0.layout.utf8.count <= FieldMemory.layoutBytesMax }
        if kept.isEmpty { return }
        try write { database in
            for memory in kept {
                try database.run(
                    "INSERT OR REPLACE INTO field_memory VALUES (?, ?, ?, ?, ?)", .text(memory.device),
                    .hash(memory.profileHash), .text(memory.address), .text(memory.layout), .natural(memory.learnedMs))
            }
        }
    }

    /// Forgets what is known of these devices.
    package func forget(devices: [String]) throws {
        if devices.isEmpty { return }
        try write { database in
            for device in devices { try database.run("DELETE FROM field_memory WHERE device = ?", .text(device)) }
        }
    }

    /// All that is known, by device.
    package func fieldMemories() throws -> [FieldMemory] {
        try database().rows(
            "SELECT device, profile_hash, address, layout, learned_ms FROM field_memory ORDER BY device"
        ) { row in
            FieldMemory(
                device: try row.text(0), profileHash: try row.hash(1), address: try row.text(2),
                layout: try row.text(3), learnedMs: try row.natural(4))
        }
    }
}
