import Foundation

/// A document that invbench writes for itself. Its version stands under the document's own key, as in
/// `{"invbench_baseline": 1, ...}`.
enum VersionedDocument {
    /// The document in `json`, whose version under `key` is from 1 to `newest`, which is what this program writes.
    ///
    /// Throws where the file at `path` is not JSON, where it has no version, so that it is damaged or something else, and
    /// where a newer invbench has written it.
    static func parse(
        _ json: Data, key: String, newest: Int, path: String
    ) throws(ResultsFileError) -> JSONValue {
        let document: JSONValue
        do {
            document = try JSONValue(parsing: Array(json))
        } catch {
            throw ResultsFileError(
                path: path, place: "line \(error.line), column \(error.column)", reason: error.reason)
        }
        guard case .number(let value, _) = document[key], let version = Int(exactly: value), version >= 1 else {
            throw ResultsFileError(path: path, place: key, reason: "the document's version, a whole number, is due")
        }
        guard version <= newest else {
            throw ResultsFileError(
                path: path, place: key,
                reason: "written by a newer invbench: version \(version), and this one reads up to \(newest); update "
                    + "it, or take the invbench that wrote the file")
        }
        return document
    }
}
