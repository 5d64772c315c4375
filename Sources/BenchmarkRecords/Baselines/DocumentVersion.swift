/// The version of a document that invbench writes for itself; it stands under the document's own key, as in
/// `{"invbench_baseline": 1, ...}`.
enum DocumentVersion {
    /// The version under `key`, from 1 to `newest`, which is what this program writes.
    ///
    /// Throws where there is none, so that the file at `path` is damaged or something else, and where a newer invbench
    /// has written it.
    static func read(_ key: String, of document: JSONValue, newest: Int, path: String) throws(ResultsFileError) -> Int {
        guard case .number(let value, let text) = document[key], let version = Int(exactly: value), version >= 1 else {
            throw ResultsFileError(path: path, place: key, reason: "the document's version, a whole number, is due")
        }
        guard version <= newest else {
            throw ResultsFileError(
                path: path, place: key,
                reason: "written by a newer invbench: version \(text), and this one reads up to \(newest); update "
                    + "invbench, or take the invbench that wrote it")
        }
        return version
    }
}
