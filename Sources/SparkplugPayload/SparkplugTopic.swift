/// The topic namespace of Sparkplug B (Sparkplug 3.0 section 4): `spBv1.0/GROUP/KIND/NODE[/DEVICE]`.
package enum SparkplugTopic {
    package static let namespace = "spBv1.0"
}
