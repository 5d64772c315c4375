/// One line of strace's output, taken apart, whatever its flags; what a call's arguments mean is for ``MemoryCall``.
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
        /// A call that is none of those followed here, whole or in part; or a signal or a stop: `--- ... ---`.
        case passedOver(name: String)
        /// The thread is gone: `+++ exited with N +++`, `+++ killed by NAME +++`.
        case threadEnded
        /// Thread `by` of the same process has called execve; from here on it goes by this line's thread id.
        case superseded(by: Int32)
    }

    /// What a call returned.
    enum CallResult: Equatable {
        case value(UInt64)
        /// `-1 ENAME (description)`: the error's name, empty where strace has none for it.
        case failed(String)
        /// `?`: the thread did not come back from the call, or is to restart it.
        case unknown
    }

    /// When a line was written, as the recording's flags have it; in nanoseconds.
    enum Time {
        /// `-ttt`: since 1970.
        case sinceEpoch(UInt64)
        /// `-t`, `-tt`: since midnight.
        case ofDay(UInt64)
        /// `-r`: since the line before.
        case sinceLast(UInt64)
        /// No such flag.
        case none
    }

    /// Whose line it is.
    enum Column: Equatable {
        /// A recording without `-f` has no such column. On a terminal the line is the only thread's that there is.
        case none
        /// In a file.
        case file(Int32)
        /// `[pid N]`, on a terminal.
        case terminal(Int32)
    }

    let column: Column
    let time: Time
    let content: Content

    /// Throws a ``LineFault`` where `text`, a line without its newline, has none of the forms that strace writes.
    init(_ text: ArraySlice<UInt8>) throws(LineFault) {
        guard text.allSatisfy({ (0x20...0x7e).contains($0) }) else { throw .notStrace }
        var scanner = ByteScanner(text)
        let (column, isPadded) = try Self.column(&scanner)
        self.column = column
        time = try Self.time(&scanner, isPadded: isPadded)
        try Self.passOverExtras(&scanner)
        content = try Self.content(scanner)
    }

    /// Takes `7     `, `7<name> ` or `[pid     7] `; whether more spaces follow than such a column has: those belong to a
    /// relative time, which is padded.
    private static func column(_ scanner: inout ByteScanner) throws(LineFault) -> (Column, isPadded: Bool) {
        if scanner.skip("[pid ") {
            _ = scanner.skipSpaces()
            let (thread, _) = try self.thread(&scanner)
            guard scanner.skip("] ") else { throw .notStrace }
            return (.terminal(thread), scanner.skipSpaces())
        }
        if scanner.skipSpaces() { return (.none, true) }
        var ahead = scanner
        let digits = ahead.digits()
        guard !digits.isEmpty, ahead.rest.first == UInt8(ascii: " ") || ahead.rest.first == UInt8(ascii: "<") else {
            return (.none, false)
        }
        let (thread, hasName) = try self.thread(&scanner)
        let spaces = scanner.take { $0 == UInt8(ascii: " ") }.count
        // Thread ids are padded to five characters.
        return (.file(thread), spaces > (hasName ? 1 : max(1, 6 - digits.count)))
    }

    /// Takes `7` or `7<name>`.
    private static func thread(_ scanner: inout ByteScanner) throws(LineFault) -> (Int32, hasName: Bool) {
        guard let number = scanner.decimal(), let thread = Int32(exactly: number), thread > 0 else { throw .notStrace }
        guard scanner.skip("<") else { return (thread, false) }
        _ = scanner.take { $0 != UInt8(ascii: ">") }
        guard scanner.skip(">") else { throw .notStrace }
        return (thread, true)
    }

    /// Takes `1700000000.123456 `, `12:34:56 ` with or without a fraction, or `0.000012 `; and the relative time that
    /// `-r` adds to an absolute one, ` (+ 0.000012)`. Ten digits of seconds reach the year 2286, and nanoseconds of them
    /// fit 64 bits.
    private static func time(_ scanner: inout ByteScanner, isPadded: Bool) throws(LineFault) -> Time {
        var ahead = scanner
        let digits = ahead.digits()
        if digits.isEmpty { return .none }
        let time: Time
        if digits.count == 2, ahead.skip(":") {
            scanner = ahead
            guard let minutes = scanner.digits(2), scanner.skip(":"), let seconds = scanner.digits(2),
                let hours = ByteScanner.number(digits), hours < 24, minutes < 60, seconds <= 60
            else { throw .notStrace }
            time = .ofDay((hours * 3600 + minutes * 60 + seconds) * 1_000_000_000 + (try fraction(&scanner) ?? 0))
        } else {
            guard let seconds = scanner.decimal(), seconds < 10_000_000_000, let fraction = try fraction(&scanner)
            else {
                throw .notStrace
            }
            let nanoseconds = seconds * 1_000_000_000 + fraction
            time = isPadded ? .sinceLast(nanoseconds) : .sinceEpoch(nanoseconds)
        }
        guard scanner.skip(" ") else { throw .notStrace }
        if scanner.skip("(+ ") {
            _ = scanner.take { $0 != UInt8(ascii: ")") }
            guard scanner.skip(") ") else { throw .notStrace }
        }
        return time
    }

    /// Takes a point and three, six or nine digits, in nanoseconds; `nil` where there is no point.
    private static func fraction(_ scanner: inout ByteScanner) throws(LineFault) -> UInt64? {
        guard scanner.skip(".") else { return nil }
        let digits = scanner.digits()
        guard let value = ByteScanner.number(digits) else { throw .notStrace }
        switch digits.count {
        case 3: return value * 1_000_000
        case 6: return value * 1000
        case 9: return value
        default: throw .notStrace
        }
    }

    /// Takes the call's number (`-n`) and the address that it was made from (`-i`), each in brackets.
    private static func passOverExtras(_ scanner: inout ByteScanner) throws(LineFault) {
        while scanner.skip("[") {
            let text = scanner.take {
                $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "?") || ByteScanner.isHexadecimal($0)
            }
            guard !text.isEmpty, scanner.skip("] ") else { throw .notStrace }
        }
    }

    private static func content(_ text: ByteScanner) throws(LineFault) -> Content {
        var scanner = text
        if scanner.skip("--- ") {
            guard scanner.rest.ends(with: " ---") else { throw .notStrace }
            return .passedOver(name: "")
        }
        if scanner.skip("+++ ") { return try ending(scanner) }
        if scanner.skip("<... ") {
            let name = try callName(&scanner)
            guard scanner.skip(" resumed>") else { throw .notStrace }
            let (arguments, result) = try outcome(scanner.rest)
            guard isFollowed(name) else { return .passedOver(name: name) }
            return .resumed(name: name, arguments: arguments, result: try self.result(result))
        }
        let name = try callName(&scanner)
        guard scanner.skip("(") else { throw .notStrace }
        if let arguments = scanner.rest.without(suffix: "<unfinished ...>") {
            return isFollowed(name) ? .unfinished(name: name, arguments: arguments) : .passedOver(name: name)
        }
        if scanner.rest.without(suffix: "<detached ...>") != nil { return .detached }
        let (arguments, result) = try outcome(scanner.rest)
        guard isFollowed(name) else { return .passedOver(name: name) }
        return .call(name: name, arguments: arguments, result: try self.result(result))
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
        let text = scanner.take { byte in
            byte == UInt8(ascii: "_") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || ByteScanner.isDigit(byte)
        }
        guard let first = text.first, first > UInt8(ascii: "9") else { throw .notStrace }
        return String(decoding: text, as: UTF8.self)
    }

    private static func isFollowed(_ name: String) -> Bool { MemoryCall.names.contains(name) }

    /// Splits `arguments) = result`, with any number of spaces before the equals sign, at the last place possible. The
    /// time that the call took (`-T`, ` <0.000025>`) is dropped.
    private static func outcome(
        _ text: ArraySlice<UInt8>
    ) throws(LineFault) -> (arguments: ArraySlice<UInt8>, result: ArraySlice<UInt8>) {
        let text = withoutDuration(text)
        var end = text.endIndex
        while let equals = text[..<end].lastIndex(of: UInt8(ascii: "=")) {
            var front = text[..<equals]
            while front.last == UInt8(ascii: " ") { front = front.dropLast() }
            if front.last == UInt8(ascii: ")"), front.endIndex < equals {
                return (front.dropLast(), text[(equals + 1)...])
            }
            end = equals
        }
        throw .notStrace
    }

    private static func withoutDuration(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        guard text.last == UInt8(ascii: ">"), let start = text.lastIndex(of: UInt8(ascii: "<")) else { return text }
        let inside = text[(start + 1)...].dropLast()
        let isTime = inside.allSatisfy { $0 == UInt8(ascii: ".") || ByteScanner.isDigit($0) }
        guard isTime, !inside.isEmpty, text[..<start].last == UInt8(ascii: " ") else { return text }
        return text[..<start].dropLast()
    }

    /// ` VALUE`, ` VALUE (meaning)`, ` VALUE<path>`, ` VALUE /* OWN in strace's PID NS */` (the second is what the lines of
    /// that thread have), ` -1 ENAME (meaning)`, ` ?`, ` ? ENAME (meaning)`, ` ? <unavailable>`.
    private static func result(_ text: ArraySlice<UInt8>) throws(LineFault) -> CallResult {
        var scanner = ByteScanner(text)
        guard scanner.skip(" ") else { throw .notStrace }
        if scanner.skip("?") {
            guard scanner.isAtEnd || scanner.skip(" ") else { throw .notStrace }
            return .unknown
        }
        if scanner.skip("-1 ") {
            guard scanner.rest.first == UInt8(ascii: "E") || scanner.rest.first == UInt8(ascii: "("),
                scanner.rest.last == UInt8(ascii: ")")
            else { throw .notStrace }
            let name = scanner.take { (UInt8(ascii: "0")...UInt8(ascii: "Z")).contains($0) }
            return .failed(String(decoding: name, as: UTF8.self))
        }
        guard let value = scanner.number() else { throw .notStrace }
        if scanner.skip(" /* ") {
            guard let own = scanner.decimal(), scanner.rest.elementsEqual(" in strace's PID NS */".utf8) else {
                throw .notStrace
            }
            return .value(own)
        }
        guard scanner.isAtEnd || scanner.skip(" (") || scanner.skip("<") else { throw .notStrace }
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
