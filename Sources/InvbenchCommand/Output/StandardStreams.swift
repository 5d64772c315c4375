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
