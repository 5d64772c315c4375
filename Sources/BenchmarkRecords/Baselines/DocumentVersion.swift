/// The version of a document that invbench writes for itself; it stands under the document's own key, as in
/// `{"invbench_baseline": 1, ...}`.
enum DocumentVersion {
    /// Throws unless the version under `key` is from 1 to `newest`, which is what this program writes: where there is
    /// none, so that the file at `path` is damaged or something else, and where a newer invbench has written it.
    static func check(_ key: String, of document: JSONValue, newest: Int, path: String) throws(ResultsFileError) {
        guard case .number(let value, _) = document[key], let version = Int(exactly: value), version >= 1 else {
            throw ResultsFileError(path: path, place: key, reason: "the document's version, a whole number, is due")
        }
        guard version <= newest else {
            throw ResultsFileError(
                path: path, place: key,
                reason: "written by a newer invbench: version \(version), and this one reads up to \(newest); update "
                    + "it, or take the invbench that wrote the file")
        }
    }
}
