// ModbusTests.
