import Glibc

/// `--benchmark_filter` and the like: a POSIX extended regular expression that is looked for anywhere in a cell's name.
struct NameFilter: ~Copyable {
    private var expression = regex_t()
    private let isNegated: Bool

    /// Compiles `text`, the value of `flag`; a leading `-` turns the choice round, and an empty text or `all` finds
    /// everything.
    init(_ text: String, flag: String = "--benchmark_filter") throws {
        isNegated = text.hasPrefix("-")
        var pattern = isNegated ? String(text.dropFirst()) : text
        if pattern.isEmpty || pattern == "all" { pattern = "." }
        let status = regcomp(&expression, pattern, REG_EXTENDED | REG_NOSUB)
        guard status == 0 else {
            var message = [CChar](repeating: 0, count: 256)
            regerror(status, &expression, &message, message.count)
            let reason = String(decoding: message.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
            throw UsageError(
                "\(flag): '\(pattern)' is not a POSIX extended regular expression: \(reason)")
        }
    }

    deinit {
        var expression = expression
        regfree(&expression)
    }

    /// Whether a cell of this name is chosen.
    func chooses(_ name: String) -> Bool {
        var expression = expression
        return (regexec(&expression, name, 0, nil, 0) == 0) != isNegated
    }
}
