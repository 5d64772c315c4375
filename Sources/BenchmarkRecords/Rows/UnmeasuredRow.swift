/// A repetition in a results file that has no time, and why.
public struct UnmeasuredRow: Hashable, Sendable {
    /// Why there is no time.
    public enum Reason: Hashable, Sendable, CaseIterable {
        /// The benchmark ended itself with an error.
        case failed
        /// The benchmark left itself out, with a message.
        case skipped
        /// The file says 0 or less, which no time is: the clock was too coarse, or the program set it.
        case notPositive
    }

    /// The benchmark's name without the suffix of an aggregate.
    public let runName: String
    /// Why there is no time.
    public let reason: Reason

    /// The most benchmarks that are named for one reason.
    private static let longestList = 10

    /// What these rows come to in one line; `nil` without any.
    public static func summary(of rows: [UnmeasuredRow]) -> String? {
        let parts = Reason.allCases.compactMap { reason -> String? in
            let counts = Dictionary(grouping: rows.filter { $0.reason == reason }, by: \.runName).mapValues(\.count)
            if counts.isEmpty { return nil }
            let names = counts.sorted { $0.key < $1.key }.map { "\($0.key) (\($0.value))" }
            let more = names.count - longestList
            return "\(words(for: reason)): \(names.prefix(longestList).joined(separator: ", "))"
                + (more > 0 ? " and \(more) others" : "")
        }
        return parts.isEmpty ? nil : "repetitions that count as absent, " + parts.joined(separator: "; ")
    }

    private static func words(for reason: Reason) -> String {
        switch reason {
        case .failed: "ended by an error of their own"
        case .skipped: "skipped by the benchmark"
        case .notPositive: "with a time of 0 or below"
        }
    }
}
