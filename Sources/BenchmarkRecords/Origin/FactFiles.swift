import Foundation

/// The small text files that the kernel shows its facts in, below a folder that stands for `/`.
package struct FactFiles: Sendable {
    /// The folder with `proc` and `sys` in it.
    package let root: String

    package init(root: String = "/") { self.root = root }

    /// The file without white space around it; `nil` where it is not there or empty.
    package func text(_ path: String) -> String? {
        guard let data = FileManager.default.contents(atPath: root + "/" + path) else { return nil }
        let text = String(decoding: data, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        return text.isEmpty ? nil : text
    }

    /// A file of `key: value` lines; of a key that comes often, the first value that is not empty.
    package func fields(_ path: String) -> [String: String] {
        var fields: [String: String] = [:]
        for line in text(path)?.split(separator: "\n") ?? [] {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let key = line[..<colon].trimmingCharacters(in: .whitespaces)
            let value = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
            if !value.isEmpty && fields[key] == nil { fields[key] = value }
        }
        return fields
    }

    /// The names in a folder, in no order; none where it cannot be read.
    package func names(in folder: String) -> [String] {
        (try? FileManager.default.contentsOfDirectory(atPath: root + "/" + folder)) ?? []
    }

    /// The numbers of a list such as `0-3,8`; `nil` where it is none.
    package static func numbers(_ list: String) -> [Int]? {
        var numbers: [Int] = []
        for part in list.split(separator: ",") {
            let ends = part.split(separator: "-").map { Int($0) }
            guard let first = ends.first ?? nil, let last = ends.last ?? nil, ends.count <= 2, first <= last else {
                return nil
            }
            numbers.append(contentsOf: first...last)
        }
        return numbers
    }

    /// The bytes of a size such as `24684092 kB`; `nil` where it is none.
    package static func bytes(_ size: String) -> UInt64? {
        let words = size.split(separator: " ")
        guard words.count == 2, words[1] == "kB", let kibibytes = UInt64(words[0]) else { return nil }
        return kibibytes * 1024
    }
}
