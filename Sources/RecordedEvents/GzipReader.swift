import CZlib

/// Inflates a gzip stream that arrives in chunks: one member or several, end to end.
///
/// Owned and used by one thread. zlib checks each member's checksum and length.
struct GzipReader: ~Copyable {
    /// What a gzip member starts with.
    static let magic: [UInt8] = [0x1f, 0x8b]
    /// The largest window (2^15 bytes), and 16 to have the gzip header and trailer read and checked.
    private static let windowBits: Int32 = 15 + 16
    /// How much is inflated at once, in bytes.
    private static let outputSize = 1 << 18

    private let path: String
    /// On the heap, since zlib keeps a pointer back to it: made by `init`, freed by `deinit`, used by `step` between.
    private let stream: UnsafeMutablePointer<z_stream>
    /// Bytes of the compressed file that zlib has taken.
    private var offset = 0
    /// Where in the compressed file the current member starts.
    private var memberStart = 0
    /// Whether the last byte taken was the last of a member.
    private var isBetweenMembers = false

    /// Throws a ``TraceError`` where zlib has no memory.
    init(path: String) throws(TraceError) {
        self.path = path
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        let status = czlib_inflate_init(stream, Self.windowBits)
        guard status == Z_OK else { throw TraceError(file: path, message: "zlib cannot start (status \(status))") }
    }

    deinit {
        inflateEnd(stream)
        stream.deallocate()
    }

    /// Hands the text of the next `chunk` of the file to `lines`.
    ///
    /// Throws a ``TraceError`` that names the place, in the file and in the text, where the stream is damaged.
    mutating func inflate(_ chunk: [UInt8], into lines: inout TraceLines) throws(TraceError) {
        var rest = chunk[...]
        var isOutputFull = false
        while !rest.isEmpty || isOutputFull {
            if isBetweenMembers {
                memberStart = offset
                isBetweenMembers = false
            }
            let (output, status, taken) = step(rest)
            rest = rest.dropFirst(taken)
            offset += taken
            isOutputFull = output.count == Self.outputSize
            try lines.append(output)
            switch status {
            case Z_OK, Z_BUF_ERROR:
                break
            case Z_STREAM_END:
                isBetweenMembers = true
                isOutputFull = false
                inflateReset(stream)
            default:
                throw damage(after: lines)
            }
        }
    }

    /// Says that the file has ended. Throws a ``TraceError`` where the stream has not.
    func finish(after lines: borrowing TraceLines) throws(TraceError) {
        guard isBetweenMembers else {
            throw error("the gzip stream is cut: the file ends at byte \(offset)", after: lines)
        }
    }

    /// Inflates as much of `input` as fills one output buffer: the output, zlib's status, the bytes of input taken.
    private func step(_ input: ArraySlice<UInt8>) -> (output: [UInt8], status: Int32, taken: Int) {
        var status: Int32 = Z_OK
        var taken = 0
        let output = [UInt8](unsafeUninitializedCapacity: Self.outputSize) { output, count in
            input.withUnsafeBufferPointer { input in
                // Safety: zlib reads `avail_in` bytes at most, does not change them, writes `avail_out` bytes at most,
                // and keeps neither pointer in use after it returns. Both sizes are below 2^19.
                stream.pointee.next_in = UnsafeMutablePointer(mutating: input.baseAddress)
                stream.pointee.avail_in = UInt32(input.count)
                stream.pointee.next_out = output.baseAddress
                stream.pointee.avail_out = UInt32(Self.outputSize)
                status = CZlib.inflate(stream, Z_NO_FLUSH)
                taken = input.count - Int(stream.pointee.avail_in)
                count = Self.outputSize - Int(stream.pointee.avail_out)
            }
        }
        return (output, status, taken)
    }

    private func damage(after lines: borrowing TraceLines) -> TraceError {
        let reason = stream.pointee.msg.map { String(cString: $0) } ?? "no reason given"
        let isGarbage = memberStart > 0 && reason == "incorrect header check"
        return error(
            isGarbage
                ? "what follows the end of the gzip stream at byte \(memberStart) is not gzip"
                : "the gzip stream is damaged near byte \(offset) (\(reason))",
            after: lines)
    }

    private func error(_ what: String, after lines: borrowing TraceLines) -> TraceError {
        TraceError(
            file: path, line: lines.count + 1,
            message: "\(what), after \(lines.count) whole lines; copy or record the file again")
    }
}
