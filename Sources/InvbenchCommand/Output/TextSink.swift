import Glibc

/// A stream of text that is written from front to end: standard output, a pipe, a file of text.
///
/// It may end early: a reader such as `head` has seen enough, or a disk is full. Then the run goes on without it.
final class TextSink {
    private let name: String
    private let descriptor: Int32
    private let advice: String
    private var failure: Int32?

    private init(name: String, descriptor: Int32, advice: String = WriteFailure.advice) {
        self.name = name
        self.descriptor = descriptor
        self.advice = advice
    }

    /// Standard output; `isOfRun` where a measurement goes on when it fails.
    static func standardOutput(isOfRun: Bool = false) -> TextSink {
        TextSink(
            name: "standard output", descriptor: STDOUT_FILENO,
            advice: isOfRun ? WriteFailure.advice : WriteFailure.remedy)
    }

    /// The file at `path`, emptied; `nil` where it cannot be opened, which is told on standard error.
    static func file(at path: String) -> TextSink? {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            StandardError.say("\(path): cannot open: \(String(cString: strerror(errno))); \(WriteFailure.advice)")
            return nil
        }
        return TextSink(name: path, descriptor: descriptor)
    }

    /// Whether something was lost that somebody still wanted: a reader that has gone away is no failure.
    var hasFailed: Bool { failure != nil && failure != EPIPE }

    /// Writes `text`; after a failure nothing more, and the first failure is told once.
    func write(_ text: String) {
        guard failure == nil, let code = DescriptorWriter.write(text, to: descriptor) else { return }
        failure = code
        if hasFailed {
            StandardError.say("\(name): cannot write: \(String(cString: strerror(code))); \(advice)")
        }
    }

    deinit {
        if descriptor != STDOUT_FILENO { close(descriptor) }
    }
}

/// What to do about results that cannot be written.
enum WriteFailure {
    static let remedy = "free some space or choose another place"
    /// The same during a run.
    static let advice = remedy + "; the measurement goes on without it"
}
