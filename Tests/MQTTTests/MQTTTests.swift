// MQTTTests.
