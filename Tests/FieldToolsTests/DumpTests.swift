import FieldTools
import Foundation
import Profiles
import Readings
import SourceYAML
import Testing

/// Goal: a device can be read again without the device. Method: dumps written and read back, and the recorded ones of Tests/Vectors/dumps.
struct DumpTests {
    private func load(_ text: String) -> String {
        do {
            _ = try RegisterDump.load(text.utf8, file: "d.yaml")
            return "no error"
        } catch { return error.description }
    }

    @Test func `a dump that is written reads back equal`() throws {
        let dump = RegisterDump(
            device: "tcp://[::1]:502 \"odd\"\n\u{9B}", unit: 7, profile: "x", recordedAtMs: 1_772_359_200_129,
            identification: [DeviceObject(id: 1, text: "b: {\u{2028}"), DeviceObject(id: 0, text: "Äcme")],
            runs: [
                .init(function: .inputRegisters, address: 65_530, words: [1, 2, 3, 4, 5, 6]),
                .init(function: .holdingRegisters, address: 12, words: [UInt16](0..<37)),
                .init(function: .holdingRegisters, address: 10, words: [8, 9]),
                .init(function: .coils, address: 0, words: [1, 0]),
            ],
            refused: [.init(function: .holdingRegisters, first: 4, last: 5, code: 2)],
            expect: [
                .init(point: "b.c", value: nil, quality: .noValue), .init(point: "a", value: "1.50", quality: .good),
            ])
        #expect(dump.runs.count == 3)
        let back = try RegisterDump.load(dump.yaml(units: ["a": "kW.h"]).utf8, file: "d.yaml")
        #expect(back == dump)
        #expect(back.words(.holdingRegisters, 10, count: 39)?.first == 8)
        #expect(back.words(.holdingRegisters, 10, count: 40) == nil)
        #expect(back.words(.inputRegisters, 65_530, count: 7) == nil)
        #expect(back.words(.coils, 1, count: 1) == [0])
    }

    @Test func `a mistake in a dump is told with its place`() {
        let head = "dump: 1\ndevice: d\nunit: 1\nwhen: 2026-03-01T13:02:05Z\n"
        #expect(load(head + "registers: {3: {0: [1]}}") == "no error")
        #expect(load(head + "registers: {3: {65535: [1, 2]}}").hasPrefix("d.yaml:5:17: the registers from 65535"))
        #expect(load(head + "registers: {5: {0: [1]}}").hasPrefix("d.yaml:5:13: '5' is no function"))
        #expect(load(head + "registers: {3: {0: [70000]}}").contains("from 0 to 65535"))
        #expect(
            load(head + "regsters: {}") == "d.yaml:5:1: unknown key 'regsters' in the dump; did you mean 'registers'?")
        #expect(load("dump: 2").contains("not known here"))
        #expect(load(head.replacing("2026", with: "soon")).contains("expected an instant"))
    }

    @Test func `a recording learns the holes of a device`() throws {
        let field = FakeField()
        field.put([UInt16](0..<50), at: 0, unit: 1)
        field.put([UInt16](60..<100), at: 60, unit: 1)
        field.registerCountMax = 40
        let taken = try FieldRecorder.take([.init(.holdingRegisters, 0...99)], registerCountMax: 125) {
            (function, address, count) throws(FieldReadingError) in
            try field.read(unit: 1, function, address: address, count: count)
        }
        #expect(taken.refused == [.init(function: .holdingRegisters, first: 50, last: 59, code: 2)])
        let dump = RegisterDump(device: "d", unit: 1, profile: "", recordedAtMs: 0, runs: taken.runs)
        #expect(dump.runs.map(\.words.count) == [50, 40])
        #expect(taken.requests < 60)
        #expect(throws: FieldReadingError.silent(afterMs: 1)) {
            try FieldRecorder.take([.init(.holdingRegisters, 0...9)], registerCountMax: 125) {
                (function, address, count) throws(FieldReadingError) in
                try field.read(unit: 9, function, address: address, count: count)
            }
        }
    }

    @Test func `ranges and units are read as people write them`() {
        #expect(FieldRecorder.Want("3:0-199") == .init(.holdingRegisters, 0...199))
        #expect(FieldRecorder.Want("4:12") == .init(.inputRegisters, 12...12))
        for text in ["", "3", "5:1", "3:", "3:9-1", "3:1-2-3", "3:70000", "3:-", "a:1"] {
            #expect(FieldRecorder.Want(text) == nil, "\(text)")
        }
        #expect(UnitRange("1-247")?.units.count == 247)
        #expect(UnitRange("5,1-3,2")?.units == [1, 2, 3, 5])
        for text in ["", "0-256", "9-1", "a", "1,", "1--2"] { #expect(UnitRange(text) == nil, "\(text)") }
    }

    @Test func `every recorded dump decodes to the values beside its registers`() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let folder = root.appending(path: "Tests/Vectors/dumps")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".yaml") }
        #expect(!names.isEmpty)
        for name in names {
            let dump = try RegisterDump.load(try Data(contentsOf: folder.appending(path: name)), file: name)
            let file = root.appending(path: "DeviceProfiles/\(dump.profile).yaml")
            let profile = try DeviceProfile.load(try Data(contentsOf: file), file: dump.profile + ".yaml")
            #expect(dump.expect.count == profile.points.count, "\(name)")
            #expect(dump.differences(profile) == [], "\(name)")
            let wrong = dump.expecting([.init(point: dump.expect[0].point, value: "-1", quality: .good)])
            #expect(wrong.differences(profile).count == 1)
            #expect(
                wrong.expecting([.init(point: "no.such", value: "1", quality: .good)]).differences(profile).count == 1)
        }
    }
}
