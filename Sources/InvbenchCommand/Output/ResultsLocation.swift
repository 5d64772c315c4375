import BenchmarkRecords
import Foundation

/// Where a run's results file goes.
enum ResultsLocation {
    /// `<folder>/<machine>/<UTC time>-<commit>.json`, numbered where another run of this second has that name.
    static func path(in folder: String, machine: String, commit: String?, date: Date) -> String {
        let stem = "\(folder)/\(machine)/\(time(date))-\(commit ?? "nocommit")"
        var path = stem + ".json"
        var number = 2
        while FileManager.default.fileExists(atPath: path) {
            path = "\(stem)-\(number).json"
            number += 1
        }
        return path
    }

    /// The time in UTC as part of a file name: `2026-01-31T09-05-00Z`.
    static func time(_ date: Date) -> String {
        date.formatted(.iso8601).replacing(":", with: "-")
    }

    /// Whether both paths lead to one file, through links too.
    static func isSameFile(_ path: String, _ other: String) -> Bool { resolved(path) == resolved(other) }

    /// The path without links; the file, and folders on the way to it, need not exist yet.
    private static func resolved(_ path: String) -> String {
        if let real = realpath(path, nil) {
            defer { free(real) }
            return String(cString: real)
        }
        let url = URL(fileURLWithPath: path).standardizedFileURL
        guard url.path != "/" else { return "/" }
        return resolved(url.deletingLastPathComponent().path) + "/" + url.lastPathComponent
    }
}
