import Foundation

/// Copies the engine's sources and exchanges lines in them. The plugin EngineCopier runs it.
///
/// Usage: `engine-copy SOURCES OUTPUT EXCHANGES FILE...`, where each `FILE` is a path below the folder `SOURCES`. The file
/// `EXCHANGES` holds blocks like this, with an empty line between two and with comments after `#`:
///
///     in Guards/Striped.swift
///     - the lines that are there,
///     - without the space before them
///     + the lines that take their place
///
/// `in every file` exchanges a line in each file that has it, and at least one must. Elsewhere the lines must be there
/// exactly once: an exchange that no longer fits the engine stops the build.
@main struct EngineCopy {
    static func main() {
        let arguments = CommandLine.arguments
        guard arguments.count > 4 else { fail("usage: engine-copy SOURCES OUTPUT EXCHANGES FILE...") }
        let (sources, output) = (URL(filePath: arguments[1]), URL(filePath: arguments[2]))
        do {
            let exchanges = try Exchange.read(URL(filePath: arguments[3]))
            var texts: [String: [String]] = [:]
            for file in arguments[4...] {
                texts[file] = try String(contentsOf: sources.appending(path: file), encoding: .utf8)
                    .components(separatedBy: "\n")
            }
            for exchange in exchanges { try exchange.apply(to: &texts) }
            for (file, lines) in texts { try write(lines.joined(separator: "\n"), to: output.appending(path: file)) }
        } catch {
            fail("\(arguments[3]): \(error)")
        }
    }

    /// Writes what is new, so that nothing is compiled again for the same text.
    private static func write(_ text: String, to file: URL) throws {
        if let old = try? String(contentsOf: file, encoding: .utf8), old == text { return }
        try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
    }

    private static func fail(_ message: String) -> Never {
        FileHandle.standardError.write(Data((message + "\n").utf8))
        exit(2)
    }
}
