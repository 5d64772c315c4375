import Foundation

/// One block of a file of exchanges; for its form see ``EngineCopy``.
struct Exchange {
    /// Below the folder of the sources; `nil` if it is for every file.
    let file: String?
    let old: [String]
    let new: [String]
    /// Where the block begins.
    let lineNumber: Int

    struct Misfit: Error, CustomStringConvertible {
        let description: String
    }

    static func read(_ url: URL) throws -> [Exchange] {
        let lines = try String(contentsOf: url, encoding: .utf8).components(separatedBy: "\n")
        var exchanges: [Exchange] = []
        var block: (number: Int, lines: [String])?
        for (index, line) in (lines + [""]).enumerated() where !line.hasPrefix("#") {
            if !line.isEmpty {
                block = (block?.number ?? index + 1, (block?.lines ?? []) + [line])
            } else if let whole = block {
                exchanges.append(try Exchange(whole.lines, at: whole.number))
                block = nil
            }
        }
        return exchanges
    }

    private init(_ lines: [String], at lineNumber: Int) throws {
        let old = lines.dropFirst().prefix { $0.hasPrefix("-") }
        let new = lines.dropFirst(1 + old.count)
        guard lines[0].hasPrefix("in "), !old.isEmpty, new.allSatisfy({ $0.hasPrefix("+") }) else {
            throw Misfit(
                description: "line \(lineNumber): a block is 'in FILE', then lines with '-', then lines with '+'")
        }
        let name = String(lines[0].dropFirst("in ".count))
        file = name == "every file" ? nil : name
        self.old = old.map { $0.dropFirst().trimmingCharacters(in: .whitespaces) }
        self.new = new.map { String($0.dropFirst()).trimmingCharacters(in: .whitespaces) }
        self.lineNumber = lineNumber
    }

    /// Exchanges the lines in the texts, which the files' names lead to.
    func apply(to texts: inout [String: [String]]) throws {
        if let name = file {
            guard let lines = texts[name] else {
                throw Misfit(description: "line \(lineNumber): there is no file \(name)")
            }
            let count = places(in: lines).count
            guard count == 1 else {
                throw Misfit(description: "line \(lineNumber): \(name) has '\(old[0])' \(count) times, not once")
            }
            texts[name] = exchanged(in: lines)
        } else {
            guard texts.values.contains(where: { !places(in: $0).isEmpty }) else {
                throw Misfit(description: "line \(lineNumber): no file has '\(old[0])'")
            }
            texts = texts.mapValues { exchanged(in: $0) }
        }
    }

    private func places(in lines: [String]) -> [Int] {
        guard lines.count >= old.count else { return [] }
        return (0...lines.count - old.count).filter { start in
            zip(lines[start...], old).allSatisfy { $0.trimmingCharacters(in: .whitespaces) == $1 }
        }
    }

    /// The new lines take the old ones' space before them, for who reads the copy.
    private func exchanged(in lines: [String]) -> [String] {
        var result = lines
        for place in places(in: lines).reversed() {
            let indentation = String(lines[place].prefix { $0 == " " })
            result.replaceSubrange(place..<place + old.count, with: new.map { indentation + $0 })
        }
        return result
    }
}
