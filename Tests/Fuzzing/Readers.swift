import BenchmarkRecords
import Foundation
import InvalidationStorm
import RecordedEvents

/// What reads files that people bring. Each takes any bytes: it reads them or says in one line what is wrong, and what it
/// has read keeps its promises.
enum Reader: String, CaseIterable {
    /// Recordings by strace, plain.
    case strace
    /// Recordings of events, plain.
    case events
    /// Either, compressed.
    case gzip
    /// Descriptions of a machine. Not hwloc's XML: hwloc itself crashes on some of what is none.
    case topology
    /// Results files, Google Benchmark's and ours, and what is said about them.
    case results
    case baseline
    case calibration
    /// Traps at one text of four bytes: the check of the check.
    case control

    /// Traps if a promise is broken.
    func read(_ bytes: UnsafeBufferPointer<UInt8>) {
        switch self {
        case .strace, .events, .gzip: Self.readTrace(bytes)
        case .topology: Self.readTopology(bytes)
        case .results: Self.readResults(Data(bytes))
        case .baseline: Self.readBaseline(Data(bytes))
        case .calibration: Self.readCalibration(bytes)
        case .control: Self.readControl(bytes)
        }
    }

    /// Byte by byte, so that libFuzzer sees each one that is right.
    private static func readControl(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard bytes.count == 4, bytes[0] == 0x74, bytes[1] == 0x72, bytes[2] == 0x61, bytes[3] == 0x70 else { return }
        preconditionFailure("the text that the control waits for")
    }

    private static func readTrace(_ bytes: UnsafeBufferPointer<UInt8>) {
        do throws(TraceError) {
            let trace = try Trace(contentsOf: MemoryFile.path(of: bytes))
            precondition(!trace.steps.isEmpty, "a recording without an invalidation is refused")
            precondition(trace.steps.allSatisfy { $0.range.endPage <= trace.pages }, "a range ends above the pages")
            precondition(trace.faultedPages.allSatisfy { $0 < trace.pages }, "a fault lies above the pages")
            precondition(
                zip(trace.steps, trace.steps.dropFirst()).allSatisfy { $0.nanoseconds <= $1.nanoseconds },
                "a step comes before the one before it")
        } catch {
            requireOneLine(error.description)
        }
    }

    private static func readTopology(_ bytes: UnsafeBufferPointer<UInt8>) {
        do throws(TopologyError) {
            let topology = try Topology(reading: .description(String(decoding: bytes, as: UTF8.self)))
            precondition(!topology.threads.isEmpty, "a machine without hardware threads is refused")
            let nodes = Set(topology.nodes.map(\.number))
            precondition(nodes.isSuperset(of: topology.cores.compactMap(\.node)), "a core's node is none")
            if let node = nodes.first { _ = topology.nearestMemory(toNode: node) }
        } catch {
            requireOneLine(error.description)
        }
    }

    private static func readResults(_ json: Data) {
        do throws(ResultsFileError) {
            let file = try ResultsFile(json: json, path: "fuzzed.json")
            let answer = RunAnswer(rows: file.rows)
            let machine = MachineText(context: file.context)
            _ = AnswerTable(answer, machine: machine, style: AnswerTable.Style(isWide: true)).description
            _ = AnswerDocument.markdown(answer, machine: machine)
            _ = AnswerDocument.csv(answer)
            let document = AnswerDocument.json(answer, machine: machine)
            precondition(
                (try? JSONSerialization.jsonObject(with: Data(document.utf8))) != nil, "the answer's JSON is none")
        } catch {
            requireOneLine(error.description)
        }
    }

    private static func readBaseline(_ json: Data) {
        do throws(ResultsFileError) {
            let text = try Baseline(json: json, path: "fuzzed.json").json
            let again = try? Baseline(json: Data(text.utf8), path: "fuzzed.json").json
            precondition(again == text, "a baseline that was written is read as another one")
        } catch {
            requireOneLine(error.description)
        }
    }

    private static func readCalibration(_ bytes: UnsafeBufferPointer<UInt8>) {
        do throws(ResultsFileError) {
            guard let text = try? NoiseCalibration(reading: MemoryFile.path(of: bytes))?.json() else {
                _ = try NoiseCalibration(reading: MemoryFile.path(of: bytes))
                return
            }
            let written = Data(text.utf8)
            let again = written.withUnsafeBytes {
                try? NoiseCalibration(reading: MemoryFile.path(of: $0.assumingMemoryBound(to: UInt8.self)))?.json()
            }
            precondition(again == text, "a calibration that was written is read as another one")
        } catch {
            requireOneLine(error.description)
        }
    }

    private static func requireOneLine(_ message: String) {
        precondition(!message.isEmpty && !message.contains(where: \.isNewline), "an error is not one line: \(message)")
    }
}

/// A file in memory, written anew for each input.
enum MemoryFile {
    private static let descriptor: Int32 = {
        var path = "/dev/shm/fuzzed-XXXXXX".utf8CString.map(\.self)
        let descriptor = mkstemp(&path)
        precondition(descriptor >= 0, "no file in /dev/shm: \(String(cString: strerror(errno)))")
        unlink(path)
        return descriptor
    }()

    /// The path of a file that holds `bytes`, until the next call.
    static func path(of bytes: UnsafeBufferPointer<UInt8>) -> String {
        let isWritten =
            ftruncate(descriptor, 0) == 0
            && pwrite(descriptor, bytes.baseAddress, bytes.count, 0) == bytes.count
        precondition(isWritten || bytes.isEmpty, "the file in memory cannot be written")
        return "/proc/self/fd/\(descriptor)"
    }
}
