import Glibc

/// The stream for people: everything that is not a result.
enum StandardError {
    /// Writes a line with the command's name before it.
    static func say(_ line: String) { write("invbench: \(line)\n") }

    /// Writes text as it is. What cannot be written is lost: there is nowhere to say so.
    static func write(_ text: String) { _ = DescriptorWriter.write(text, to: STDERR_FILENO) }

    /// Whether somebody looks at it on a terminal.
    static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 }
}
