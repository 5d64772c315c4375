import Foundation

/// The files that `strace -ff -o FILE` writes: `FILE.ID` for each thread, whose lines have no column for it. Together they
/// are one recording, in the order of the times at which calls began.
struct ThreadFiles {
    /// A line of one file that is about a call or a thread's end.
    struct Line {
        /// In nanoseconds: since 1970, or since the midnight before the file's first line.
        let time: UInt64
        let thread: Int32
        /// As it stands in the file.
        let text: [UInt8]
        /// Counted from 1 in the file.
        let number: Int
    }

    /// What has been read of one file.
    struct File {
        let thread: Int32
        private(set) var lines: [Line] = []
        private var clock = RecordedClock()
        private var firstTime: UInt64 = 0

        init(thread: Int32) { self.thread = thread }

        /// Takes the next line. Throws a ``LineFault`` where the lines of several files could not be put in order by it.
        mutating func append(_ line: StraceLine, _ text: ArraySlice<UInt8>, number: Int) throws(LineFault) {
            guard line.column == .none else { throw LineFault("a thread's id, which strace -ff does not write") }
            switch line.time {
            case .sinceEpoch(let time), .ofDay(let time):
                if lines.isEmpty { firstTime = time }
                let elapsed = try clock.advance(to: line.time)
                lines.append(Line(time: firstTime + elapsed, thread: thread, text: Array(text), number: number))
            case .sinceLast, .none:
                throw LineFault(
                    "no time of day: the files of strace -ff are put in order by it; record with -ttt, or with -f")
            }
        }
    }

    /// Two times of day further apart than this lie around midnight, and their order is not known.
    private static let longestDay: UInt64 = 12 * 3600 * 1_000_000_000

    /// The file as the caller named it, which does not exist.
    private let path: String
    private let threads: [Int32]

    /// `nil` where there are no such files.
    init?(of path: String) {
        let url = URL(fileURLWithPath: path)
        let prefix = url.lastPathComponent + "."
        let names = (try? FileManager.default.contentsOfDirectory(atPath: url.deletingLastPathComponent().path)) ?? []
        threads = names.filter { $0.hasPrefix(prefix) }.compactMap { name in
            let digits = name.dropFirst(prefix.count)
            guard let thread = Int32(digits), thread > 0, String(thread) == digits else { return nil }
            return thread
        }.sorted()
        self.path = path
        if threads.isEmpty { return nil }
    }

    /// Reads all files. Throws a ``TraceError`` about the first that cannot be read or is damaged.
    func contents() throws(TraceError) -> TraceLines.Contents {
        var lines: [Line] = []
        var textSize = 0
        var count = 0
        var passedOverCount = 0
        for thread in threads {
            var text = TraceLines(path: file(of: thread), thread: thread)
            try TraceFile(path: file(of: thread)).read(into: &text)
            textSize += text.textSize
            guard textSize <= TraceLines.mostText else {
                throw TraceError(
                    file: path,
                    message: "more than \(TraceLines.mostText >> 20) MiB of text in all; record a shorter run")
            }
            let read = try text.finishThread()
            lines += read.file.lines
            count += read.lines
            passedOverCount += read.linesPassedOver
        }
        lines.sort { ($0.time, $0.thread, $0.number) < ($1.time, $1.thread, $1.number) }
        return TraceLines.Contents(
            recording: .calls(try recording(of: lines)), lines: count, linesPassedOver: passedOverCount)
    }

    /// Joins lines in the order of their times.
    private func recording(of lines: [Line]) throws(TraceError) -> StraceRecording {
        var calls = StraceCalls()
        for (index, line) in lines.enumerated() {
            do throws(LineFault) {
                // What strace -f writes into one file.
                let parsed = try StraceLine((Array("\(line.thread) ".utf8) + line.text)[...])
                if case .ofDay = parsed.time, line.time - lines[0].time > Self.longestDay {
                    throw LineFault("a time on the other side of midnight: record with -ttt, or with -f")
                }
                try calls.append(parsed, number: index + 1)
            } catch {
                throw TraceError(
                    file: file(of: line.thread), line: line.number, text: line.text[...], message: error.message)
            }
        }
        do throws(StraceCalls.LateFault) {
            return try calls.finish()
        } catch {
            let place = lines.isEmpty ? nil : lines[max(0, error.line - 1)]
            throw TraceError(
                file: place.map { file(of: $0.thread) } ?? path, line: place?.number, message: error.message)
        }
    }

    private func file(of thread: Int32) -> String { "\(path).\(thread)" }
}
