import Disclosure
import FacilityAPI
import Foundation
import LogEntries
import Testing

/// Goal: how the field side fares, and the reload of its configuration, are answered whole and to whom they belong.
@Suite(.serialized) struct LinkTests {
    private func house(_ body: @escaping @Sendable (House, Door) async throws -> Void) async throws {
        let house = try await House.open()
        do {
            try await Door.open(house) { door in try await body(house, door) }
        } catch {
            await house.close()
            throw error
        }
        await house.close()
    }

    @Test func `every connection and unit says how it fares`() async throws {
        try await house { _, door in
            let answer = try await door.get("/v1/links")
            #expect(answer.status == 200)
            #expect(
                answer.text
                    == #"{"items":[{"id":"mqtt://broker:1883","kind":"mqtt","address":"broker:1883","state":"down","since":"2026-03-01T13:01:00.000Z","connects":1,"failures":4,"gapMs":null,"timeoutMs":null,"uncertaintyMs":null,"units":[],"messages":12,"malformed":1,"dropped":0,"lastMessageAt":"2026-03-01T13:00:59.500Z"},{"id":"tcp://10.0.0.20:502","kind":"modbus-tcp","address":"10.0.0.20:502","state":"up","since":"2026-03-01T13:00:00.000Z","connects":2,"failures":1,"gapMs":20,"timeoutMs":1000,"uncertaintyMs":2.151,"units":[{"device":"mb1","unit":1,"state":"answering","lastGoodAt":"2026-03-01T13:02:09.000Z","roundTripMs":{"last":4.301,"max":120},"requests":130,"answers":128,"timeouts":0,"exceptions":2,"garbled":0,"lateAnswers":0,"nextProbeAt":null,"learned":{"holes":[{"function":4,"from":100,"to":103}],"maxRegisters":null}},{"device":"mb2","unit":2,"state":"offline","lastGoodAt":null,"roundTripMs":{"last":null,"max":null},"requests":7,"answers":0,"timeouts":7,"exceptions":0,"garbled":0,"lateAnswers":1,"nextProbeAt":"2026-03-01T13:02:20.000Z","learned":null}],"messages":null,"malformed":null,"dropped":null,"lastMessageAt":null}],"next":null}"#
            )
            #expect(try await door.get("/v1/links", token: House.auditorToken).status == 200)
            #expect(try await door.get("/v1/links", token: nil).status == 401)
        }
    }

    @Test func `a reload says what it did, under the pseudonym of who asked`() async throws {
        try await house { house, door in
            let answer = try await door.ask("POST", "/v1/configuration/reload", body: [])
            #expect(answer.status == 200)
            #expect(answer.header("Cache-Control") == "no-store")
            #expect(
                answer.text
                    == #"{"logged":true,"modelRevision":2,"connections":{"kept":2,"changed":1,"started":0,"ended":0},"waiting":null}"#
            )
            #expect(house.reload.actor?.bytes.contains { $0 != 0 } == true)
        }
    }

    @Test func `a reload that waits for the end of the interval says until when, and for which points`() async throws {
        try await house { house, door in
            house.reload.answer(
                ReloadView(
                    isLogged: false, modelRevision: 1, connections: ReloadView.Connections(),
                    waiting: ReloadView.Waiting(fromMs: 1_772_370_060_000, points: ["m1.power"])))
            let answer = try await door.ask("POST", "/v1/configuration/reload", body: [])
            #expect(answer.status == 202)
            #expect(answer.text.contains(#""waiting":{"from":"2026-03-01T13:01:00.000Z","points":["m1.power"]}"#))
        }
    }

    @Test func `only the facility reloads, and a cookie only from the page itself`() async throws {
        try await house { house, door in
            let path = "/v1/configuration/reload"
            let auditor = try await door.ask("POST", path, token: House.auditorToken, body: [])
            #expect(auditor.status == 403 && auditor.text.contains(#""code":"outside-grant""#))
            #expect(try await door.ask("POST", path, token: nil, body: []).status == 401)
            let cookie = ("Cookie", "session=\(House.token)")
            #expect(try await door.ask("POST", path, token: nil, headers: [cookie], body: []).status == 403)
            #expect(house.reload.actor == nil)
            let page = [cookie, ("Sec-Fetch-Site", "same-origin")]
            #expect(try await door.ask("POST", path, token: nil, headers: page, body: []).status == 200)
        }
    }

    @Test func `a mistake in the files comes back with its place, and every key that needs a restart by name`()
        async throws
    {
        try await house { house, door in
            house.reload.refuse(
                .configurationRefused([
                    ConfigurationMistake(
                        place: "building.yaml:12:5", message: "unknown key 'evry' in point m1.power",
                        hint: "did you mean 'every'?")
                ]))
            let answer = try await door.ask("POST", "/v1/configuration/reload", body: [])
            #expect(answer.status == 422)
            #expect(
                answer.text
                    == #"{"type":"/v1/problems/unreadable-file","code":"unreadable-file","title":"The file cannot be read","status":422,"detail":"The configuration was not taken and nothing has changed. building.yaml:12:5: unknown key 'evry' in point m1.power. Correct it, then reload again.","instance":"urn:uuid:01234567-89ab-4def-8123-456789abcdef","errors":[{"parameter":"building.yaml:12:5","detail":"unknown key 'evry' in point m1.power","expected":"did you mean 'every'?"}]}"#
            )
            house.reload.refuse(.reloadUnderWay)
            let second = try await door.ask("POST", "/v1/configuration/reload", body: [])
            #expect(second.status == 409 && second.text.contains(#""code":"command-conflict""#))
            house.reload.refuse(.notNow(why: "the disk is full", retryAfterSeconds: 30))
            let third = try await door.ask("POST", "/v1/configuration/reload", body: [])
            #expect(third.status == 503 && third.header("Retry-After") == "30")
        }
    }

    @Test func `metrics need a token unless they are open`() async throws {
        try await house { _, door in
            #expect(try await door.get("/metrics", token: nil).status == 401)
            let answer = try await door.get("/metrics")
            #expect(answer.status == 200)
            #expect(answer.header("Content-Type") == "text/plain; version=0.0.4; charset=utf-8")
        }
    }
}
