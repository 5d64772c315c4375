import Glibc

/// Input, output and errors of the process.
enum StandardStreams {
    /// Opens `/dev/null` in the place of those that were closed by whoever started us. Otherwise the results file would
    /// get the number of standard output, and the table would be written into it.
    static func open() {
        while true {
            let descriptor = Glibc.open("/dev/null", O_RDWR)
            if descriptor > STDERR_FILENO {
                close(descriptor)
                return
            }
            if descriptor < 0 { return }
        }
    }
}

/// The stream for people: everything that is not a result.
enum StandardError {
    /// Writes a line with the command's name before it.
    static func say(_ line: String) { write("invbench: \(line)\n") }

    /// Writes text as it is. What cannot be written is lost: there is nowhere to say so.
    static func write(_ text: String) { _ = DescriptorWriter.write(text, to: STDERR_FILENO) }

    /// Whether somebody looks at it on a terminal.
    static var isTerminal: Bool { isatty(STDERR_FILENO) == 1 }
}

/// Writes text to a file descriptor, all of it.
enum DescriptorWriter {
    /// Writes `text`; returns the `errno` of the write that failed, or `nil`.
    static func write(_ text: String, to descriptor: Int32) -> Int32? {
        var text = text
        return text.withUTF8 { bytes in
            var rest = UnsafeRawBufferPointer(bytes)
            while !rest.isEmpty {
                let written = Glibc.write(descriptor, rest.baseAddress, rest.count)
                if written < 0 {
                    if errno == EINTR { continue }
                    return errno
                }
                rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(written))
            }
            return nil
        }
    }
}
