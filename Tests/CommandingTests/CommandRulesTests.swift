import Commanding
import LogEntries
import Readings
import Testing
import TwinModel

/// Goal: no value gets past the rules that profile and building did not allow.
struct CommandRulesTests {
    private func refusal(_ house: CommandHouse, _ request: CommandRequest) async throws -> CommandRefusal? {
        let daemon = try await house.start()
        defer { withExtendedLifetime(daemon) {} }
        do {
            _ = try await daemon.desk.command(request)
            await daemon.kill()
            return nil
        } catch {
            await daemon.kill()
            return error as? CommandRefusal
        }
    }

    @Test func `each rule refuses by its own name, and nothing is written down`() async throws {
        let house = try await CommandHouse()
        let auditor = CommandActor(grant: 3, role: "auditor", pseudonym: .zero)
        func number(_ text: String) -> CommandValue { CommandHouse.number(text) }
        func decimal(_ text: String) throws -> ExactDecimal {
            guard let value = ExactDecimal(text: text) else { throw CancellationError() }
            return value
        }
        let cases: [(CommandRequest, CommandRefusal)] = [
            (house.request(actor: auditor), .outsideGrant),
            (house.request("ahu1.nothing"), .noSuchPoint("ahu1.nothing")),
            (house.request("ahu1.speed", number("1")), .notWritable(point: "ahu1.speed")),
            (house.request("ahu2.silent", number("20")), .notWritable(point: "ahu2.silent")),
            (house.request(reason: ""), .reasonLength(allowed: 1...500)),
            (house.request(reason: String(repeating: "ä", count: 251)), .reasonLength(allowed: 1...500)),
            (house.request("ahu1.enabled", number("1")), .wrongForm(point: "ahu1.enabled", expected: "true or false")),
            (
                house.request("ahu1.setpoint", .text("warm")),
                .wrongForm(point: "ahu1.setpoint", expected: "a number, 15…25")
            ),
            (
                house.request("ahu1.setpoint", .flag(true)),
                .wrongForm(point: "ahu1.setpoint", expected: "a number, 15…25")
            ),
            (
                house.request("ahu1.setpoint", number("25.5")),
                .outOfBounds(point: "ahu1.setpoint", given: "25.5", min: try decimal("15"), max: try decimal("25"))
            ),
            (
                house.request("ahu1.setpoint", number("21.3")),
                .betweenSteps(point: "ahu1.setpoint", given: "21.3", nearest: try decimal("21.5"))
            ),
            (
                house.request("ahu1.level", number("1.5")),
                .betweenSteps(point: "ahu1.level", given: "1.5", nearest: try decimal("2"))
            ),
            (
                house.request("ahu1.level", number("70000")),
                .notEncodable(point: "ahu1.level", given: "70000", why: "type u16 in 1 register cannot hold the value")
            ),
            (
                house.request("ahu1.level", number("65535")),
                .notEncodable(point: "ahu1.level", given: "65535", why: "the device takes this value as 'no value'")
            ),
            (
                house.request("ahu1.mode", number("3")),
                .unknownName(point: "ahu1.mode", given: "3", known: ["off", "low", "high"])
            ),
            (
                house.request("ahu1.mode", .flag(true)),
                .unknownName(point: "ahu1.mode", given: "true", known: ["off", "low", "high"])
            ),
        ]
        for (request, expected) in cases {
            #expect(try await refusal(house, request) == expected, "\(request)")
        }
        #expect(house.field.writes.isEmpty)
        #expect(try await house.record().isEmpty)
    }

    @Test func `a name and its number are one value`() async throws {
        let house = try await CommandHouse()
        let daemon = try await house.start()
        _ = try await daemon.desk.command(house.request("ahu1.mode", .text("high"), key: "a"))
        house.time.advance(1_000)
        _ = try await daemon.desk.command(house.request("ahu1.mode", CommandHouse.number("2.0"), key: "b"))
        house.time.advance(1_000)
        _ = try await daemon.desk.command(house.request("ahu1.enabled", .flag(true), key: "c"))
        #expect(house.field.writes.map(\.value) == [.integer(2), .integer(2), .integer(1)])
        await daemon.kill()
    }

    @Test func `whatever number is asked for, only allowed ones reach the device`() async throws {
        let house = try await CommandHouse()
        let daemon = try await house.start()
        let seed: UInt64 = 20_261_124
        var state = seed
        func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state >> 33
        }
        var taken = 0
        let low = try #require(ExactDecimal(text: "15"))
        let high = try #require(ExactDecimal(text: "25"))
        for round in 0..<400 {
            // Half of them on some step, so that many are taken.
            let value =
                round % 2 == 0
                ? ExactDecimal(mantissa: Int128(next() % 90) * 5, exponent: -1)
                : ExactDecimal(mantissa: Int128(next() % 40_000) - 5_000, exponent: -Int(next() % 4))
            let before = house.field.writes.count
            let isOnStep = (value.double * 2).rounded() == value.double * 2
            let isAllowed = !value.isLess(than: low) && !high.isLess(than: value) && isOnStep
            house.time.advance(60_000)
            _ = try? await daemon.desk.command(
                house.request("ahu1.setpoint", .number(value), key: "k\(round)"))  // refusals are what is counted
            let written = house.field.writes.count - before
            if (written == 1) != isAllowed {
                Issue.record("seed \(seed) round \(round): \(value) written \(written) times")
            }
            taken += written
        }
        #expect(taken > 20)
        for write in house.field.writes {
            guard case .integer(let raw) = write.value else { continue }
            #expect((150...250).contains(raw) && raw % 5 == 0)
        }
        await daemon.kill()
    }
}
