/// How the command ends, as the documentation promises it to scripts.
enum ExitStatus: Error, Equatable {
    case success
    /// A comparison found a regression.
    case regression
    /// Wrong usage, an unknown flag or name, a filter without a match, a bad input file.
    case usage
    /// A protected guard showed a stale translation, or the detector failed its control.
    case unsafe
    /// A comparison found no regression, and could not have found each.
    case undecided
    /// A campaign has hosts that nothing measures.
    case incomplete
    /// The results could not be written.
    case unwritten
    /// Ended by a signal; the finished rows are in the file.
    case interrupted(signal: Int32)
    /// A program that was recorded ended with this code, and its recording is fine.
    case ofProgram(Int32)

    /// The process's exit code.
    var code: Int32 {
        switch self {
        case .success: 0
        case .regression: 1
        case .usage: 2
        case .unsafe: 3
        case .undecided, .incomplete: 4
        case .unwritten: 5
        case .interrupted(let signal): 128 + signal
        case .ofProgram(let code): code
        }
    }

    /// What a run that met all of these ends with: an interruption tells most, a lost file least.
    static func ofRun(signal: Int32?, sawStaleTranslations: Bool, lostOutput: Bool) -> ExitStatus {
        if let signal { return .interrupted(signal: signal) }
        if sawStaleTranslations { return .unsafe }
        return lostOutput ? .unwritten : .success
    }
}

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
