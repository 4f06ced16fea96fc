// GatewayTests.
