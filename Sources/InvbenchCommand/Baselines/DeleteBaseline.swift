import ArgumentParser
import BenchmarkRecords

/// `invbench baseline delete`: removes a baseline.
struct DeleteBaseline: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete", abstract: "Removes a baseline; the results files that it was made of stay.")

    @Argument(help: ArgumentHelp("Which one.", valueName: "name"))
    var name: String

    @OptionGroup var place: BaselinePlace

    func run() throws {
        let name = try BaselinePlace.name(name)
        let folder = try place.folder()
        try BaselinePlace.check(name, isIn: folder)
        do {
            try folder.remove(name)
        } catch {
            StandardError.say("\(error)")
            throw ExitStatus.unwritten
        }
    }
}
