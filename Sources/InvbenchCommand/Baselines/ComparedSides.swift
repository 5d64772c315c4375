import BenchmarkRecords

/// The two sides of a comparison as the command line names them: files, folders, and `baseline:<name>`.
struct ComparedSides {
    let base: ComparisonSide
    let new: ComparisonSide

    /// Reads both. A baseline is looked for below `results` with the machine that the other side was measured on, or
    /// else with this one.
    init(base: String, new: String, results: String) throws {
        let named = (try Self.read(base), try Self.read(new))
        let measured = [named.0, named.1].compactMap(\.self).flatMap { $0.contextValues("machine_id") }
        let machine = Set(measured).count == 1 ? measured[0] : nil
        self.base = try named.0 ?? Self.baseline(base, of: machine, in: results)
        self.new = try named.1 ?? Self.baseline(new, of: machine, in: results)
    }

    private static let prefix = "baseline:"

    /// `nil` for a baseline's name.
    private static func read(_ side: String) throws -> ComparisonSide? {
        if side.hasPrefix(prefix) { return nil }
        do {
            return try ComparisonSide(reading: side)
        } catch {
            throw UsageError(error.description)
        }
    }

    private static func baseline(_ side: String, of machine: String?, in results: String) throws -> ComparisonSide {
        let name = try BaselinePlace.name(String(side.dropFirst(prefix.count)))
        let folder = try BaselinePlace.folder(of: machine, in: results)
        return ComparisonSide(try BaselinePlace.baseline(name, in: folder), path: side)
    }
}
