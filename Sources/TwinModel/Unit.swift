/// A unit of measure: UCUM in files, log and API, QUDT in an export of the model.
package struct Unit: Hashable, Sendable {
    /// UCUM, case-sensitive: `kW.h`, `Cel`, `[ppm]`. Reactive power has no UCUM code; `var` is what meters and IEC 80000-6 write.
    package let ucum: String
    /// Local name in `http://qudt.org/vocab/unit/`.
    package let qudt: String
    /// For people: `kWh`, `°C`.
    package let symbol: String

    /// The unit of a UCUM code; `nil` when it is not in the table.
    package init?(ucum: String) {
        guard let unit = Self.byCode[ucum] else { return nil }
        self = unit
    }

    private init(_ ucum: String, _ qudt: String, _ symbol: String) {
        self.ucum = ucum
        self.qudt = qudt
        self.symbol = symbol
    }

    package static let known: [Unit] = [
        Unit("W.h", "W-HR", "Wh"),
        Unit("kW.h", "KiloW-HR", "kWh"),
        Unit("MW.h", "MegaW-HR", "MWh"),
        Unit("J", "J", "J"),
        Unit("MJ", "MegaJ", "MJ"),
        Unit("GJ", "GigaJ", "GJ"),
        Unit("W", "W", "W"),
        Unit("kW", "KiloW", "kW"),
        Unit("MW", "MegaW", "MW"),
        Unit("V.A", "V-A", "VA"),
        Unit("kV.A", "KiloV-A", "kVA"),
        Unit("kV.A.h", "KiloV-A-HR", "kVAh"),
        Unit("var", "V-A_Reactive", "var"),
        Unit("kvar", "KiloV-A_Reactive", "kvar"),
        Unit("var.h", "V-A_Reactive-HR", "varh"),
        Unit("kvar.h", "KiloV-A_Reactive-HR", "kvarh"),
        Unit("V", "V", "V"),
        Unit("mV", "MilliV", "mV"),
        Unit("A", "A", "A"),
        Unit("mA", "MilliA", "mA"),
        Unit("A.h", "A-HR", "Ah"),
        Unit("Hz", "HZ", "Hz"),
        Unit("Cel", "DEG_C", "°C"),
        Unit("K", "K", "K"),
        Unit("%", "PERCENT", "%"),
        Unit("[ppm]", "PPM", "ppm"),
        Unit("[ppb]", "PPB", "ppb"),
        Unit("ug/m3", "MicroGM-PER-M3", "µg/m³"),
        Unit("ug.m-3", "MicroGM-PER-M3", "µg/m³"),
        Unit("mg/m3", "MilliGM-PER-M3", "mg/m³"),
        Unit("Bq.m-3", "BQ-PER-M3", "Bq/m³"),
        Unit("Bq/m3", "BQ-PER-M3", "Bq/m³"),
        Unit("Pa", "PA", "Pa"),
        Unit("hPa", "HectoPA", "hPa"),
        Unit("kPa", "KiloPA", "kPa"),
        Unit("bar", "BAR", "bar"),
        Unit("mbar", "MilliBAR", "mbar"),
        Unit("lx", "LUX", "lx"),
        Unit("W.h/m3", "W-HR-PER-M3", "Wh/m³"),
        Unit("W.m-2", "W-PER-M2", "W/m²"),
        Unit("W/m2", "W-PER-M2", "W/m²"),
        Unit("m3", "M3", "m³"),
        Unit("L", "L", "l"),
        Unit("m3.h-1", "M3-PER-HR", "m³/h"),
        Unit("m3/h", "M3-PER-HR", "m³/h"),
        Unit("L.s-1", "L-PER-SEC", "l/s"),
        Unit("L/s", "L-PER-SEC", "l/s"),
        Unit("L.min-1", "L-PER-MIN", "l/min"),
        Unit("L/h", "L-PER-HR", "l/h"),
        Unit("m.s-1", "M-PER-SEC", "m/s"),
        Unit("m/s", "M-PER-SEC", "m/s"),
        Unit("{rpm}", "REV-PER-MIN", "rpm"),
        Unit("/min", "REV-PER-MIN", "1/min"),
        Unit("m", "M", "m"),
        Unit("mm", "MilliM", "mm"),
        Unit("cm", "CentiM", "cm"),
        Unit("deg", "DEG", "°"),
        Unit("ms", "MilliSEC", "ms"),
        Unit("s", "SEC", "s"),
        Unit("min", "MIN", "min"),
        Unit("h", "HR", "h"),
        Unit("d", "DAY", "d"),
        Unit("kg", "KiloGM", "kg"),
        Unit("dB", "DeciB", "dB"),
        Unit("dB[mW]", "DeciB_M", "dBm"),
        Unit("1", "UNITLESS", ""),
    ]

    private static let byCode = Dictionary(known.map { ($0.ucum, $0) }, uniquingKeysWith: { first, _ in first })
}
