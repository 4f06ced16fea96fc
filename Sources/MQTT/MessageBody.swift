import BrokerClient
import Profiles

/// The content of one message, each form of it made once, when the first point asks for it.
struct MessageBody {
    let message: MQTTMessage
    private var json: JSONText??
    private var text: String??
    /// Answers of this message to the questions asked last, by number: the points of a device ask the same ones.
    private var match: (number: Int, answer: Bool)?
    private var time: (number: Int, answer: Int64?)?
    /// Records, and the device whose table they were read with.
    private var records: (device: Int, answer: TLVRecords?)?

    init(_ message: MQTTMessage) { self.message = message }

    /// `nil` for what is not JSON.
    mutating func asJSON() -> JSONText? {
        if let json { return json }
        let read = try? JSONText(message.payload)  // What is wrong with it is counted as malformed.
        json = .some(read)
        return read
    }

    /// `nil` for what is not UTF-8.
    mutating func asText() -> String? {
        if let text { return text }
        let read = String(validating: message.payload, as: UTF8.self)
        text = .some(read)
        return read
    }

    mutating func matches(_ number: Int, _ make: (inout MessageBody) -> Bool) -> Bool {
        if let match, match.number == number { return match.answer }
        let answer = make(&self)
        match = (number, answer)
        return answer
    }

    mutating func time(_ number: Int, _ make: (inout MessageBody) -> Int64?) -> Int64? {
        if let time, time.number == number { return time.answer }
        let answer = make(&self)
        time = (number, answer)
        return answer
    }

    mutating func records(_ device: Int, _ make: (inout MessageBody) -> TLVRecords?) -> TLVRecords? {
        if let records, records.device == device { return records.answer }
        let answer = make(&self)
        records = (device, answer)
        return answer
    }
}

extension JSONPath {
    /// Ready to be looked up.
    package var compiled: [JSONText.Step] {
        steps.map { step in
            switch step {
            case .key(let name): .key(Array(name.utf8))
            case .index(let index): .index(index)
            }
        }
    }
}
