import InvalidationStorm

/// The command `invbench`, for programs that bring guards of their own.
public enum Invbench {
    /// Does what the process's arguments say, and ends the process with the documented exit code.
    ///
    /// `guards` are those that the arguments can name, in the order of the list; `GuardCatalogue.builtIn` followed by
    /// one's own makes one table of all. Two of one name, and a name with a comma, a slash or a control character, are
    /// refused as wrong usage. To be called on the main thread, before any other is started.
    public static func main(guards: [GuardEntry] = GuardCatalogue.builtIn) -> Never {
        StandardStreams.open()
        Prerequisites.require()
        BenchmarkEnvironment.leaveBehind()
        HwlocEnvironment.leaveBehind()
        RootCommand.run(CommandLineWords.normalised(Array(CommandLine.arguments.dropFirst())), guards: guards)
    }
}
