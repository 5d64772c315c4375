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
    /// What the lines so far say.
    private var calls = StraceCalls()
    /// How many whole lines have been seen.
    private(set) var count = 0
    private var textSize = 0
    /// The line that has begun and not ended.
    private var partial: [UInt8] = []
    /// What was wrong with the first damaged line; lines after it are only counted.
    private var firstFault: TraceError?

    /// Text for a trace of that file; `mostText` is the bound on it, in bytes.
    init(path: String, mostText: Int = Self.mostText) {
        self.path = path
        self.mostText = mostText
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

    /// Says that the text has ended; returns what the lines say.
    ///
    /// Throws a ``TraceError`` about the first line that is damaged, or about the end, where the text is cut.
    consuming func finish() throws(TraceError) -> StraceRecording {
        if let firstFault { throw firstFault }
        guard textSize > 0 else {
            throw TraceError(file: path, message: "the file is empty; \(Self.howToRecord)")
        }
        guard partial.isEmpty else {
            throw TraceError(
                file: path, line: count + 1, text: partial[...],
                message: "the last line does not end: the file is cut; copy or record it again")
        }
        do throws(StraceCalls.LateFault) {
            return try calls.finish()
        } catch {
            throw TraceError(file: path, line: error.line, message: error.message)
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
            try calls.append(StraceLine(text), number: count)
        } catch {
            firstFault = TraceError(file: path, line: count, text: text, message: error.message)
        }
    }
}
