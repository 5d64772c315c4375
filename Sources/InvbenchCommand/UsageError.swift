/// A command line or an input file that cannot be used: what, where, and what to do.
struct UsageError: Error, CustomStringConvertible, Equatable {
    let description: String

    init(_ description: String) { self.description = description }

    /// Does `work` on what the user has named. An error of it becomes wrong usage in its own words, behind `context` where
    /// that is given: `--since yesterday`.
    static func explaining<Value>(
        _ context: String? = nil, _ work: () throws -> Value
    ) throws(UsageError) -> Value {
        do {
            return try work()
        } catch {
            throw UsageError((context.map { "\($0): " } ?? "") + "\(error)")
        }
    }
}
