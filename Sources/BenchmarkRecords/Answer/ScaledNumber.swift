import Foundation

/// Numbers as people read them: three significant digits and a unit that fits.
package enum ScaledNumber {
    /// A rate in the steps of the SI, such as `56.1M` or, with a separator, `56.1 M`; below 1000 without a prefix.
    static func rate(_ perSecond: Double, separator: String = "") -> String {
        let (digits, prefix) = scaled(perSecond, steps: ["", "k", "M", "G", "T"])
        return prefix.isEmpty ? digits : digits + separator + prefix
    }

    /// A count: whole up to four digits, then as a rate is written.
    static func count(_ value: Double) -> String {
        value < 9999.5 ? String(format: "%.0f", value) : rate(value)
    }

    /// So many of a thing: `1 line`, `3 lines`.
    package static func counted(_ count: Int, _ noun: String) -> String { "\(count) \(noun)\(count == 1 ? "" : "s")" }

    /// Bytes in binary units, cut to a tenth: `512 KiB`, `1.5 GiB`.
    package static func size(_ bytes: UInt64) -> String {
        let units = [("GiB", 30), ("MiB", 20), ("KiB", 10)]
        guard let (unit, shift) = units.first(where: { bytes >= 1 << UInt64($0.1) }) else { return "\(bytes) B" }
        let tenths = (bytes * 10) >> UInt64(shift)
        return tenths % 10 == 0 ? "\(tenths / 10) \(unit)" : "\(tenths / 10).\(tenths % 10) \(unit)"
    }

    /// A time of so many nanoseconds, such as `1.06us` or, with a separator, `1.06 us`.
    static func duration(_ nanoseconds: Double, separator: String = "") -> String {
        // A thousand seconds and more stay seconds.
        let (digits, unit) = scaled(nanoseconds, steps: ["ns", "us", "ms", "s"])
        return digits + separator + unit
    }

    /// A quotient: `12.3`, `0.84`, `0.041`, `0.0003`.
    static func ratio(_ value: Double) -> String {
        switch abs(value) {
        case 0, 0.0995...: threeDigits(value)
        case 0.00095...: String(format: "%.3f", value)
        default: String(format: "%.1g", value)
        }
    }

    /// A small number such as retries per fault: `0`, `0.25`, `4.2e-05`.
    static func small(_ value: Double) -> String {
        if value == 0 { return "0" }
        return abs(value) < 0.00995 ? String(format: "%.1e", value) : threeDigits(value)
    }

    private static func scaled(_ value: Double, steps: [String]) -> (digits: String, step: String) {
        var value = value
        var step = 0
        // 999.5 would round to 1000.
        while abs(value) >= 999.5 && step < steps.count - 1 {
            value /= 1000
            step += 1
        }
        return (threeDigits(value), steps[step])
    }

    private static func threeDigits(_ value: Double) -> String {
        switch abs(value) {
        case 0: "0"
        case ..<9.995: String(format: "%.2f", value)
        case ..<99.95: String(format: "%.1f", value)
        default: String(format: "%.0f", value)
        }
    }
}
