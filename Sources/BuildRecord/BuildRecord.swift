/// What this program was made from, as the plugin BuildRecorder found it when it was built.
///
/// A module of its own: after a commit it alone is compiled again.
public enum BuildRecord {
    /// The short hash of the commit that was checked out; `nil` where the package was no repository.
    public static var commit: String? { recordedCommit }

    /// Whether a source file differed from it; `nil` without a commit.
    public static var isDirty: Bool? { recordedIsDirty }

    /// The compiler's name and exact version: `Swift version 6.3.1 (swift-6.3.1-RELEASE)`.
    public static var compiler: String { recordedCompiler }

    /// The flags given to `swift build`, `run` or `test` that change code, without the configuration: `none`, or as
    /// `-Xswiftc -DX --sanitize=thread`; `nil` where they could not be seen.
    public static var flags: String? { recordedFlags }
}
