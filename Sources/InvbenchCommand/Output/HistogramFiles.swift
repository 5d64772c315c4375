import Foundation
import InvalidationStorm

/// A folder with the latencies of each cell, a file for each role, which a reader finds whole at any moment: each is
/// written beside its place and moved there after every repetition. Files of an earlier run are replaced.
final class HistogramFiles {
    private let folder: String
    private var counts: [String: LatencyCounts] = [:]
    /// The files that lack something.
    private var unwritten: Set<String> = []
    private var hasToldOfFailure = false

    /// Files in `folder`, which is made where it is not there yet.
    init(in folder: String) {
        self.folder = folder
        // Where that fails, so will the first file, and that is told.
        try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    /// Whether something that was measured is not there.
    var haveFailed: Bool { !unwritten.isEmpty }

    /// Adds a repetition of the cell `name`, and writes its files anew. A role that did nothing has none.
    func add(_ latencies: RoleLatencies, ofCell name: String) {
        let roles = [
            ("fault", latencies.faults), ("invalidation", latencies.invalidations),
            ("registration", latencies.registrations), ("unregistration", latencies.unregistrations),
        ]
        for (role, latencies) in roles {
            guard let latencies else { continue }
            let file = "\(Self.stem(ofCell: name)).\(role).hgrm"
            counts[file, default: LatencyCounts()].add(latencies)
            if let counts = counts[file], !counts.isEmpty { write(counts.percentileDistribution, to: file) }
        }
    }

    /// A cell's name as part of a file name: `_` for `/` and `=` for `:`, the bytes of all else that is not a letter, a
    /// digit, `-` or `.` in per cent signs; so two cells never share one.
    static func stem(ofCell name: String) -> String {
        name.utf8.reduce(into: "") { stem, byte in
            switch byte {
            case UInt8(ascii: "/"): stem += "_"
            case UInt8(ascii: ":"): stem += "="
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."):
                stem.unicodeScalars.append(Unicode.Scalar(byte))
            default: stem += (byte < 16 ? "%0" : "%") + String(byte, radix: 16, uppercase: true)
            }
        }
    }

    private func write(_ text: String, to file: String) {
        let path = "\(folder)/\(file)"
        guard let code = Self.replace(path, with: text) else {
            unwritten.remove(file)
            return
        }
        unwritten.insert(file)
        if hasToldOfFailure { return }
        hasToldOfFailure = true
        StandardError.say("\(path): cannot write: \(String(cString: strerror(code))); \(WriteFailure.advice)")
    }

    /// Puts `text` in the place of what is at `path`, if anything; returns the `errno` of what failed, and leaves all as
    /// it was.
    private static func replace(_ path: String, with text: String) -> Int32? {
        let temporary = path + ".part"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { return errno }
        var failure = DescriptorWriter.write(text, to: descriptor)
        // A disk may say only now that it is full.
        if close(descriptor) != 0, failure == nil { failure = errno }
        if failure == nil, rename(temporary, path) != 0 { failure = errno }
        if failure != nil { unlink(temporary) }
        return failure
    }
}
