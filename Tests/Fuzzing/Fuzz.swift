import Foundation

/// `--reader=NAME` of the command line. libFuzzer leaves flags with two dashes alone.
private let reader: Reader = {
    let flag = "--reader="
    let names = CommandLine.arguments.filter { $0.hasPrefix(flag) }.map { String($0.dropFirst(flag.count)) }
    guard names.count == 1, let reader = Reader(rawValue: names[0]) else {
        let known = Reader.allCases.map(\.rawValue).joined(separator: ", ")
        FileHandle.standardError.write(Data("fuzz: one of these is due: \(flag)NAME, with \(known)\n".utf8))
        exit(2)
    }
    return reader
}()

/// libFuzzer's entry: one input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    reader.read(UnsafeBufferPointer(start: start, count: count))
    return 0
}

// Built without libFuzzer, which brings a main of its own, the program reads the files that are named: what was found can
// be looked at in any build.
#if !FUZZING
    @main
    struct Replay {
        static func main() throws {
            for path in CommandLine.arguments.dropFirst() where !path.hasPrefix("--") {
                print(path)
                try Data(contentsOf: URL(filePath: path)).withUnsafeBytes {
                    reader.read($0.assumingMemoryBound(to: UInt8.self))
                }
            }
        }
    }
#endif
