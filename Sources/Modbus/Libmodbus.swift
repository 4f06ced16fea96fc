/// What libmodbus 3.1.6 does not put into its header.
enum Libmodbus {
    /// It waits with `select`, which writes past its set for higher numbers.
    static let fileMax: Int32 = 1023
    /// Its own error numbers: `MODBUS_ENOBASE` and what follows.
    static let codes: ClosedRange<Int32> = 112_345_678...112_345_778
}
