/// A command line or an input file that cannot be used: what, where, and what to do.
struct UsageError: Error, CustomStringConvertible, Equatable {
    let description: String

    init(_ description: String) { self.description = description }
}
