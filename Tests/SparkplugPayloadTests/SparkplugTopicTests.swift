import SparkplugPayload
import Testing

struct SparkplugTopicTests {
    @Test func `the namespace is that of version B`() { #expect(SparkplugTopic.namespace == "spBv1.0") }

    @Test(arguments: ["spBv1.0/g/NBIRTH/n", "spBv1.0/g/NCMD/n", "spBv1.0/g/DDATA/n/d", "spBv1.0/g/DDEATH/n/d"])
    func `a topic reads back as it was`(text: String) { #expect(SparkplugTopic(text)?.description == text) }

    @Test(arguments: [
        "", "spBv1.0", "spBv1.0/g/NBIRTH", "spBv1.0/g/NBIRTH/", "spBv1.0/g/NBIRTH/n/d", "spBv1.0/g/DDATA/n",
        "spBv1.0//NDATA/n",
        "spBv1.0/STATE/h", "spAv1.0/g/NDATA/n", "spBv1.0/g/ndata/n", "spBv1.0/g/DDATA/n/d/e", "/spBv1.0/g/NDATA/n",
    ]) func `other topics are none`(text: String) { #expect(SparkplugTopic(text) == nil) }
}
