import Glibc

/// A trace file, open for reading from its start, plain or gzip, in pieces of bounded size.
///
/// Owned and used by one thread. The file is closed when the value ends.
struct TraceFile: ~Copyable {
    /// How much is read at once, in bytes.
    private static let chunkSize = 1 << 16

    let path: String
    private let descriptor: Int32

    /// Opens the file. Throws a ``TraceError`` where it cannot be.
    init(path: String) throws(TraceError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw TraceError(file: path, message: "cannot be opened: \(String(cString: strerror(errno)))")
        }
        self.path = path
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// The next bytes of the file; empty at its end. Throws a ``TraceError`` where reading fails.
    private func next() throws(TraceError) -> [UInt8] {
        while true {
            var failure: Int32 = 0
            let chunk = [UInt8](unsafeUninitializedCapacity: Self.chunkSize) { buffer, count in
                // Safety: `read` writes at most `chunkSize` bytes, and `count` says how many it wrote.
                let got = Glibc.read(descriptor, buffer.baseAddress, Self.chunkSize)
                failure = got < 0 ? errno : 0
                count = max(got, 0)
            }
            if failure == 0 { return chunk }
            guard failure == EINTR else {
                throw TraceError(file: path, message: "cannot be read: \(String(cString: strerror(failure)))")
            }
        }
    }

    /// Hands the text of the whole file to `lines`. Whether it is gzip is decided by its first two bytes.
    ///
    /// Throws a ``TraceError`` where the file cannot be read, its compression is damaged, or `lines` is full. A damaged
    /// line does not stop the reading: a damaged compression, which would explain it, is thus always found first.
    func read(into lines: inout TraceLines) throws(TraceError) {
        var chunk = try next()
        if chunk.count == 1 { chunk += try next() }
        guard chunk.starts(with: GzipReader.magic) else {
            while !chunk.isEmpty {
                try lines.append(chunk)
                chunk = try next()
            }
            return
        }
        var gzip = try GzipReader(path: path)
        while !chunk.isEmpty {
            try gzip.inflate(chunk, into: &lines)
            chunk = try next()
        }
        try gzip.finish(after: lines)
    }
}
