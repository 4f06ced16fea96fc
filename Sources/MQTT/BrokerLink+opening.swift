extension BrokerLink {
    /// A connection that the broker has welcomed.
    static func open(
        _ settings: MQTTSettings, will: MQTTMessage? = nil, wake: WakePipe, nowMs: @escaping () -> Int64
    ) throws(MQTTError) -> BrokerLink {
        let link = try BrokerLink(settings, will: will, nowMs: nowMs)
        let clock = ContinuousClock()
        let deadline = clock.now + .milliseconds(settings.connectMsMax)
        while link.answer == nil {
            guard !Task.isCancelled, clock.now < deadline else { throw .noAnswer(afterMs: settings.connectMsMax) }
            try link.step(timeoutMs: 100, wake: wake)
        }
        if let code = link.answer, code != 0 { throw .refused(code: code) }
        return link
    }
}
