import SparkplugPayload
import Testing

struct SparkplugTopicTests {
    @Test func `the namespace is that of version B`() { #expect(SparkplugTopic.namespace == "spBv1.0") }
}
