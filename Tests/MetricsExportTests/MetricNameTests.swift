import MetricsExport
import Testing

struct MetricNameTests {
    @Test func `a name may not begin with a digit or hold a dot`() {
        #expect(MetricName.isLegal("plumbline_link_up"))
        #expect(!MetricName.isLegal("1up"))
        #expect(!MetricName.isLegal("a.b"))
        #expect(!MetricName.isLegal(""))
    }
}
