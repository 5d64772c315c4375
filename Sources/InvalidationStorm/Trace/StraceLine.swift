/// One line of `strace -f -ttt` output, taken apart; what a call's arguments mean is for ``MemoryCall``.
struct StraceLine {
    enum Content {
        /// A whole call: `name(arguments) = result`.
        case call(name: String, arguments: ArraySlice<UInt8>, result: CallResult)
        /// The start of a call that another thread's line interrupts: `name(arguments <unfinished ...>`.
        case unfinished(name: String, arguments: ArraySlice<UInt8>)
        /// The end of one: `<... name resumed>arguments) = result`.
        case resumed(name: String, arguments: ArraySlice<UInt8>, result: CallResult)
        /// A call during which strace let go of the process: `name(arguments <detached ...>`.
        case detached
        /// A signal or a stop: `--- ... ---`.
        case signal
        /// The thread is gone: `+++ exited with N +++`, `+++ killed by NAME +++`.
        case threadEnded
        /// Thread `by` of the same process has called execve; from here on it goes by this line's thread id.
        case superseded(by: Int32)
    }

    /// What a call returned.
    enum CallResult: Equatable {
        case value(UInt64)
        /// `-1 ENAME (description)`
        case failed
        /// `?`: the thread did not come back from the call, or is to restart it.
        case unknown
    }

    /// The thread's id; `nil` in a recording without `-f`, which has no such column.
    let thread: Int32?
    /// When the line was written, in microseconds since 1970.
    let microseconds: UInt64
    let content: Content

    /// Throws a ``LineFault`` where `text`, a line without its newline, has none of the forms that strace writes.
    init(_ text: ArraySlice<UInt8>) throws(LineFault) {
        guard text.allSatisfy({ (0x20...0x7e).contains($0) }) else { throw .notStrace }
        var scanner = ByteScanner(text)
        if scanner.skip("[pid") || scanner.skip("strace: ") {
            throw LineFault("written to a terminal, not to a file; " + TraceLines.howToRecord)
        }
        guard let first = scanner.decimal() else { throw .notStrace }
        if scanner.skipSpaces() {
            guard let id = Int32(exactly: first), id > 0, let seconds = scanner.decimal() else { throw .notStrace }
            thread = id
            microseconds = try Self.time(seconds, &scanner)
        } else {
            thread = nil
            microseconds = try Self.time(first, &scanner)
        }
        content = try Self.content(scanner)
    }

    /// Takes `.microseconds ` and adds the seconds. Ten digits of seconds reach the year 2286 and keep every
    /// difference, in nanoseconds, within 64 bits.
    private static func time(_ seconds: UInt64, _ scanner: inout ByteScanner) throws(LineFault) -> UInt64 {
        guard seconds < 10_000_000_000, scanner.skip("."), let fraction = scanner.digits(6), scanner.skip(" ") else {
            throw .notStrace
        }
        return seconds * 1_000_000 + fraction
    }

    private static func content(_ text: ByteScanner) throws(LineFault) -> Content {
        var scanner = text
        if scanner.skip("--- ") {
            guard scanner.rest.ends(with: " ---") else { throw .notStrace }
            return .signal
        }
        if scanner.skip("+++ ") { return try ending(scanner) }
        if scanner.skip("<... ") {
            let name = try callName(&scanner)
            guard scanner.skip(" resumed>") else { throw .notStrace }
            let (arguments, result) = try outcome(scanner.rest)
            return .resumed(name: name, arguments: arguments, result: result)
        }
        let name = try callName(&scanner)
        guard scanner.skip("(") else { throw .notStrace }
        if let arguments = scanner.rest.without(suffix: "<unfinished ...>") {
            return .unfinished(name: name, arguments: arguments)
        }
        if scanner.rest.without(suffix: "<detached ...>") != nil { return .detached }
        let (arguments, result) = try outcome(scanner.rest)
        return .call(name: name, arguments: arguments, result: result)
    }

    private static func ending(_ text: ByteScanner) throws(LineFault) -> Content {
        var scanner = text
        if scanner.skip("exited with ") {
            guard scanner.decimal() != nil, scanner.rest.elementsEqual(" +++".utf8) else { throw .notStrace }
            return .threadEnded
        }
        if scanner.skip("killed by ") {
            guard scanner.rest.count > 4, scanner.rest.ends(with: " +++") else { throw .notStrace }
            return .threadEnded
        }
        guard scanner.skip("superseded by execve in pid "), let number = scanner.decimal(),
            let other = Int32(exactly: number), scanner.rest.elementsEqual(" +++".utf8)
        else { throw .notStrace }
        return .superseded(by: other)
    }

    /// strace writes `???` where the thread was killed before the call's number could be read, and `syscall_0x1c5`
    /// for a call newer than itself.
    private static func callName(_ scanner: inout ByteScanner) throws(LineFault) -> String {
        if scanner.skip("???") { return "???" }
        let text = scanner.take { $0 != UInt8(ascii: "(") && $0 != UInt8(ascii: " ") }
        var number = ByteScanner(text)
        if number.skip("syscall_"), number.number() != nil, number.isAtEnd {
            return String(decoding: text, as: UTF8.self)
        }
        let name = String(decoding: text, as: UTF8.self)
        guard MemoryCall.names.contains(name) else {
            throw LineFault(
                "not one of the calls that strace -e trace=%memory,clone,clone3,fork,vfork,exit_group shows")
        }
        return name
    }

    /// Splits `arguments) = result`, with any number of spaces before the equals sign, at the last place possible.
    private static func outcome(_ text: ArraySlice<UInt8>) throws(LineFault) -> (ArraySlice<UInt8>, CallResult) {
        var end = text.endIndex
        while let equals = text[..<end].lastIndex(of: UInt8(ascii: "=")) {
            var front = text[..<equals]
            while front.last == UInt8(ascii: " ") { front = front.dropLast() }
            if front.last == UInt8(ascii: ")"), front.endIndex < equals {
                return (front.dropLast(), try result(text[(equals + 1)...]))
            }
            end = equals
        }
        throw .notStrace
    }

    /// ` VALUE`, ` VALUE (meaning)`, ` -1 ENAME (meaning)`, ` ?`, ` ? ENAME (meaning)`, ` ? <unavailable>`.
    private static func result(_ text: ArraySlice<UInt8>) throws(LineFault) -> CallResult {
        var scanner = ByteScanner(text)
        guard scanner.skip(" ") else { throw .notStrace }
        if scanner.skip("?") {
            guard scanner.isAtEnd || scanner.skip(" ") else { throw .notStrace }
            return .unknown
        }
        if scanner.skip("-1 ") {
            guard scanner.skip("E") || scanner.skip("("), scanner.rest.last == UInt8(ascii: ")") else {
                throw .notStrace
            }
            return .failed
        }
        guard let value = scanner.number(), scanner.isAtEnd || scanner.skip(" (") else { throw .notStrace }
        return .value(value)
    }
}

extension ArraySlice<UInt8> {
    fileprivate func ends(with suffix: String) -> Bool { self.suffix(suffix.utf8.count).elementsEqual(suffix.utf8) }

    /// What stands before ` suffix` (a space is dropped with it); `nil` where the text does not end so.
    fileprivate func without(suffix: String) -> ArraySlice<UInt8>? {
        guard ends(with: suffix) else { return nil }
        let front = dropLast(suffix.utf8.count)
        return front.last == UInt8(ascii: " ") ? front.dropLast() : front
    }
}
