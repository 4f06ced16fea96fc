extension BrokerLink {
    /// SUBACK's code for a topic that this client may not have.
    private static let subscriptionRefused: Int32 = 128

    /// A connection that the broker has welcomed and that hears the topics.
    static func open(
        _ settings: MQTTSettings, filters: [String] = [], will: MQTTMessage? = nil, wake: WakePipe,
        nowMs: @escaping () -> Int64
    ) throws(MQTTError) -> BrokerLink {
        let link = try BrokerLink(settings, will: will, nowMs: nowMs)
        let deadline = ContinuousClock().now + .milliseconds(settings.connectMsMax)
        func waitUntil(_ isDone: () -> Bool) throws(MQTTError) {
            while !isDone() {
                guard !Task.isCancelled, ContinuousClock().now < deadline else {
                    throw .noAnswer(afterMs: settings.connectMsMax)
                }
                try link.step(timeoutMs: 100, wake: wake)
            }
        }
        try waitUntil { link.answer != nil }
        if let code = link.answer, code != 0 { throw .refused(code: code) }
        for filter in filters { try link.subscribe(filter, qos: 1) }
        try waitUntil { link.subscriptions.answered >= filters.count }
        if link.subscriptions.isRefused { throw .refused(code: subscriptionRefused) }
        return link
    }
}
