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
    /// The results could not be written.
    case unwritten
    /// Ended by a signal; the finished rows are in the file.
    case interrupted(signal: Int32)

    /// The process's exit code.
    var code: Int32 {
        switch self {
        case .success: 0
        case .regression: 1
        case .usage: 2
        case .unsafe: 3
        case .undecided: 4
        case .unwritten: 5
        case .interrupted(let signal): 128 + signal
        }
    }

    /// What a run that met all of these ends with: an interruption tells most, a lost file least.
    static func ofRun(signal: Int32?, sawStaleTranslations: Bool, lostOutput: Bool) -> ExitStatus {
        if let signal { return .interrupted(signal: signal) }
        if sawStaleTranslations { return .unsafe }
        return lostOutput ? .unwritten : .success
    }
}
