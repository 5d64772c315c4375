/// Cuts text that arrives in chunks into lines and has each understood, in bounded memory.
///
/// Owned and used by one thread.
struct TraceLines: ~Copyable {
    /// The most text that a trace may hold, in bytes: what a compressed file of a few bytes could otherwise grow into.
    static let mostText = 1 << 29
    /// The longest line, in bytes. strace's longest are vectors of a few hundred entries.
    static let longestLine = 1 << 16

    private let path: String
    private let mostText: Int
    /// What the file consists of; `nil` until the first line that is neither blank nor a comment.
    private var format: TraceSource.Format?
    /// What the lines so far say: calls in a recording of strace, else events.
    private var calls = StraceCalls()
    private var events = EventRecording()
    /// The lines themselves, in the place of calls, in one of the files of `strace -ff`.
    private var threadFile: ThreadFiles.File?
    /// How many lines are about no memory.
    private var passedOverCount = 0
    /// The first comment before the format is known: strace writes none.
    private var firstComment: TraceError?
    /// How many whole lines have been seen.
    private(set) var count = 0
    private(set) var textSize = 0
    /// The line that has begun and not ended.
    private var partial: [UInt8] = []
    /// What was wrong with the first damaged line; lines after it are only counted.
    private var firstFault: TraceError?
    /// Whether the table of `-C` has begun, which is the last that strace writes.
    private var isInTable = false

    /// Text for a trace of that file; `mostText` is the bound on it, in bytes. `thread` is whose file it is, where
    /// `strace -ff` wrote one for each.
    init(path: String, thread: Int32? = nil, mostText: Int = Self.mostText) {
        self.path = path
        self.mostText = mostText
        guard let thread else { return }
        threadFile = ThreadFiles.File(thread: thread)
        format = .strace
    }

    /// Takes the next bytes of the text. Throws a ``TraceError`` only where there are too many; what a damaged line is
    /// about comes from `finish`.
    mutating func append(_ chunk: [UInt8]) throws(TraceError) {
        textSize += chunk.count
        guard textSize <= mostText else {
            throw TraceError(
                file: path, line: count + 1,
                message: "more than \(mostText >> 20) MiB of text; record a shorter run")
        }
        var rest = chunk[...]
        while let newline = rest.firstIndex(of: UInt8(ascii: "\n")) {
            if partial.isEmpty {
                take(rest[..<newline])
            } else {
                partial += rest[..<newline]
                take(partial[...])
                partial.removeAll(keepingCapacity: true)
            }
            rest = rest[(newline + 1)...]
        }
        // Of a line that is too long only its start is kept: enough to be refused, and to be shown.
        partial += rest.prefix(Self.longestLine + 1 - partial.count)
    }

    /// What a file says.
    struct Contents {
        enum Recording {
            case calls(StraceRecording)
            case events(EventRecording)
        }

        let recording: Recording
        /// How many lines it has, and how many of them are about no memory.
        let lines: Int
        let linesPassedOver: Int
    }

    /// Says that the text has ended; returns what the lines say.
    ///
    /// Throws a ``TraceError`` about the first line that is damaged, or about the end, where the text is cut.
    consuming func finish() throws(TraceError) -> Contents {
        try checkEnd()
        guard textSize > 0 else {
            throw TraceError(file: path, message: "the file is empty; \(Self.howToRecord)")
        }
        let recording: Contents.Recording
        switch format {
        case nil: throw TraceError(file: path, message: "no line but comments and blank ones; \(Self.howToRecord)")
        case .events: recording = .events(events)
        case .strace:
            do throws(StraceCalls.LateFault) {
                recording = .calls(try calls.finish())
            } catch {
                throw TraceError(file: path, line: error.line, message: error.message)
            }
        }
        return Contents(recording: recording, lines: count, linesPassedOver: passedOverCount)
    }

    /// Says that the text of one thread's file has ended; returns its lines. A thread may have none.
    ///
    /// Throws a ``TraceError`` about the first line that is damaged, or about the end, where the text is cut.
    consuming func finishThread() throws(TraceError) -> (file: ThreadFiles.File, lines: Int, linesPassedOver: Int) {
        try checkEnd()
        guard let threadFile else { preconditionFailure("not the file of a thread") }
        return (threadFile, count, passedOverCount)
    }

    private func checkEnd() throws(TraceError) {
        if let firstFault { throw firstFault }
        guard partial.isEmpty else {
            throw TraceError(
                file: path, line: count + 1, text: partial[...],
                message: "the last line does not end: the file is cut; copy or record it again")
        }
    }

    /// How a trace is recorded, for messages.
    static let howToRecord =
        "record with: strace -f -ttt -e trace=%memory,clone,clone3,fork,vfork,exit_group -o FILE PROGRAM"

    private mutating func take(_ text: ArraySlice<UInt8>) {
        count += 1
        guard firstFault == nil else { return }
        do throws(LineFault) {
            guard text.count <= Self.longestLine else { throw LineFault("longer than any line that strace writes") }
            let plain = Self.withoutColours(text.last == UInt8(ascii: "\r") ? text.dropLast() : text)
            if format == nil { learnFormat(plain) }
            switch format {
            case nil: passedOverCount += 1
            case .strace: try takeCall(plain)
            case .events:
                if Self.isBlankOrComment(plain) {
                    passedOverCount += 1
                } else {
                    try events.append(EventLine(plain))
                }
            }
        } catch {
            // A file that begins with something else is no recording at all.
            let isForeign = error == .notStrace && calls.isEmpty && threadFile == nil
            firstFault =
                firstFault
                ?? TraceError(
                    file: path, line: count, text: text,
                    message: isForeign
                        ? "neither a line of strace -f -ttt nor an event: no recording; \(Self.howToRecord)"
                        : error.message)
        }
    }

    /// Learns who wrote the file, if this is a line that shows it.
    private mutating func learnFormat(_ text: ArraySlice<UInt8>) {
        guard !Self.isBlankOrComment(text) else {
            if firstComment == nil, text.contains(UInt8(ascii: "#")) {
                firstComment = TraceError(file: path, line: count, text: text, message: LineFault.notStrace.message)
            }
            return
        }
        format = EventLine.isLikely(text) ? .events : .strace
        if format == .strace { firstFault = firstComment }
    }

    private static func isBlankOrComment(_ text: ArraySlice<UInt8>) -> Bool {
        let first = text.first { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }
        return first == nil || first == UInt8(ascii: "#")
    }

    private mutating func takeCall(_ text: ArraySlice<UInt8>) throws(LineFault) {
        if passesOver(text) {
            passedOverCount += 1
            return
        }
        let line = try StraceLine(text)
        if case .passedOver = line.content { passedOverCount += 1 }
        if threadFile == nil {
            try calls.append(line, number: count)
        } else {
            try threadFile?.append(line, text, number: count)
        }
    }

    /// Whether the line is about no call: blank, a frame of a call's stack (`-k`), of the table of `-C`, or a message of
    /// strace's own.
    private mutating func passesOver(_ text: ArraySlice<UInt8>) -> Bool {
        var scanner = ByteScanner(text)
        if isInTable || scanner.skip(" > ") { return true }
        if scanner.skip("% time ") {
            isInTable = true
            return true
        }
        if scanner.skip("strace: ") {
            if scanner.skip("Process "), let thread = scanner.decimal().flatMap({ Int32(exactly: $0) }),
                scanner.skip(" attached")
            {
                calls.attached(thread)
            }
            return true
        }
        return text.allSatisfy { $0 == UInt8(ascii: " ") }
    }

    /// The line without the sequences that colour it: `ESC [ 35 m`.
    private static func withoutColours(_ text: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        guard text.contains(0x1b) else { return text }
        var plain: [UInt8] = []
        var rest = text
        while let byte = rest.popFirst() {
            guard byte == 0x1b, rest.first == UInt8(ascii: "[") else {
                plain.append(byte)
                continue
            }
            let sequence = rest.dropFirst().prefix { (UInt8(ascii: "0")...UInt8(ascii: ";")).contains($0) }
            guard sequence.endIndex < rest.endIndex, rest[sequence.endIndex] == UInt8(ascii: "m") else {
                plain.append(byte)
                continue
            }
            rest = rest[(sequence.endIndex + 1)...]
        }
        return plain[...]
    }
}
