import Foundation

/// A git revision of the package in this folder, built in a worktree of its own below a cache folder.
///
/// The worktree and what was built in it stay, so that the next comparison with the same commit starts at once. They can
/// be deleted at any time; `git worktree prune` then makes git forget them.
struct RevisionBuild {
    /// The commit's whole hash.
    private let commit: String
    /// The executable product that is built.
    private let product: String
    /// Where the package lies in its repository: empty at the top, else with a slash at the end.
    private let prefix: String

    /// Finds what `revision` names; `nil` where it names no commit of a repository around the current folder.
    ///
    /// Throws ``ExitStatus/interrupted(signal:)``.
    init?(revision: String, product: String) throws {
        let words = ["rev-parse", "--verify", "--quiet", "--end-of-options", "\(revision)^{commit}"]
        guard let commit = try Self.git(words), let prefix = try Self.git(["rev-parse", "--show-prefix"])
        else { return nil }
        self.commit = commit
        self.product = product
        self.prefix = prefix
    }

    /// The first letters of the hash.
    var shortCommit: String { String(commit.prefix(7)) }

    /// Builds it unless that has been done, and returns the executable's path.
    func executable() throws -> String {
        let worktree = Self.cacheFolder.appending(path: commit)
        let package = worktree.appending(path: prefix)
        let executable = package.appending(path: ".build/release/\(product)").path
        try addWorktree(at: worktree)
        StandardError.say("building \(shortCommit) in \(package.path)")
        let status = try Self.run(
            "swift", ["build", "-c", "release", "--product", product, "--package-path", package.path])
        guard status == 0, FileManager.default.isExecutableFile(atPath: executable) else {
            throw UsageError(
                "\(shortCommit): swift build ended with \(status); see its messages above, or give the path of a program "
                    + "that you have built")
        }
        return executable
    }

    private func addWorktree(at worktree: URL) throws {
        if FileManager.default.fileExists(atPath: worktree.appending(path: ".git").path) { return }
        do {
            try FileManager.default.createDirectory(at: Self.cacheFolder, withIntermediateDirectories: true)
        } catch {
            throw UsageError("\(Self.cacheFolder.path): cannot create the folder: \(error.localizedDescription)")
        }
        // Twice --force: also where git remembers a worktree there that somebody has deleted.
        let status = try Self.run(
            "git", ["worktree", "add", "--force", "--force", "--quiet", "--detach", worktree.path, commit])
        guard status == 0 else {
            throw UsageError(
                "\(shortCommit): git worktree add \(worktree.path) ended with \(status); see its message above")
        }
    }

    /// `$XDG_CACHE_HOME/invbench/revisions`, in the place that the desktop's base directory specification gives.
    private static var cacheFolder: URL {
        let variable = ProcessInfo.processInfo.environment["XDG_CACHE_HOME"] ?? ""
        // A relative path there is to be ignored, the specification says.
        let cache =
            variable.hasPrefix("/")
            ? URL(fileURLWithPath: variable) : FileManager.default.homeDirectoryForCurrentUser.appending(path: ".cache")
        return cache.appending(path: "invbench/revisions")
    }

    /// Runs a command, all of whose words go to standard error; returns its exit code, 127 where there is none such.
    private static func run(_ command: String, _ arguments: [String]) throws -> Int32 {
        do {
            return try ChildProcess.run(command, arguments, streams: .passedOn).status
        } catch is ChildProcess.NotStarted {
            return 127
        }
    }

    /// The only line that git answers; `nil` where it fails.
    private static func git(_ arguments: [String]) throws -> String? {
        do {
            let answer = try ChildProcess.run("git", arguments)
            return answer.status == 0 ? answer.output.trimmingCharacters(in: .newlines) : nil
        } catch is ChildProcess.NotStarted {
            return nil
        }
    }
}
