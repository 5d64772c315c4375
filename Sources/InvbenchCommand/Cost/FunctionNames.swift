import BenchmarkRecords
import Foundation

/// The functions that instructions are in, those that were inlined too, as llvm-symbolizer and swift-demangle name them.
struct FunctionNames {
    private struct Place: Hashable {
        let module: String
        let offset: UInt64
    }

    private var names: [Place: String] = [:]

    /// Of the places of one file that one call of llvm-symbolizer is asked for: its command line has to hold them.
    private static let placesInCall = 4_000

    /// Finds the names of instructions, each at an offset in a file.
    mutating func find(_ places: [(module: String, offset: UInt64)]) throws {
        for (module, places) in Dictionary(grouping: Set(places.map(Place.init)), by: \.module) {
            var rest = places.map(\.offset).sorted()[...]
            while !rest.isEmpty {
                try find(rest.prefix(Self.placesInCall), in: module)
                rest = rest.dropFirst(Self.placesInCall)
            }
        }
        try demangle()
    }

    /// The name of the function that an instruction was written in, and its file; where that is not known, the file that the
    /// code is in.
    func name(of offset: UInt64, in module: String) -> String {
        names[Place(module: module, offset: offset)] ?? URL(fileURLWithPath: module).lastPathComponent
    }

    private struct Symbolized: Decodable {
        struct Frame: Decodable {
            let FunctionName: String
            let FileName: String
        }
        let Address: String
        let Symbol: [Frame]?
    }

    private mutating func find(_ offsets: ArraySlice<UInt64>, in module: String) throws {
        let words =
            ["--obj=\(module)", "--output-style=JSON", "--inlines"] + offsets.map { "0x" + String($0, radix: 16) }
        let output = try Self.run("llvm-symbolizer", words)
        let found = try JSONDecoder().decode([Symbolized].self, from: Data(output.utf8))
        for (offset, symbolized) in zip(offsets, found) {
            // The innermost function first: what the instruction was written in.
            guard let frame = symbolized.Symbol?.first, !frame.FunctionName.isEmpty else { continue }
            let file = URL(fileURLWithPath: frame.FileName.isEmpty ? module : frame.FileName).lastPathComponent
            names[Place(module: module, offset: offset)] = "\(frame.FunctionName) (\(file))"
        }
    }

    /// Swift's names as they are written in the source.
    private mutating func demangle() throws {
        let mangled = Set(names.values.compactMap { $0.hasPrefix("$s") ? String($0.prefix { $0 != " " }) : nil })
            .sorted()
        if mangled.isEmpty { return }
        let output = try Self.run("swift", ["demangle", "--simplified", "--compact"] + mangled)
        let demangled = Dictionary(uniqueKeysWithValues: zip(mangled, output.split(separator: "\n").map(String.init)))
        names = names.mapValues { name in
            guard let plain = demangled[String(name.prefix { $0 != " " })] else { return name }
            return plain + name.drop { $0 != " " }
        }
    }

    private static func run(_ program: String, _ words: [String]) throws -> String {
        do {
            let process = try ChildProcess.run(program, words)
            guard process.status == 0 else {
                throw UsageError("\(program): exit code \(process.status): \(process.errors.prefix(200))")
            }
            return process.output
        } catch let error as ChildProcess.NotStarted {
            throw UsageError("\(program): \(error.reason); it comes with the Swift toolchain: put that on PATH")
        }
    }
}
