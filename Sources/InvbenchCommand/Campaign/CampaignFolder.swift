import BenchmarkRecords
import Foundation

/// The folder of a campaign, which all hosts share: the script that each runs, a results file for each host that is
/// complete, and what its jobs said.
struct CampaignFolder {
    /// Its path without links, the same for whoever calls.
    let path: String

    /// Makes the folder where it is missing.
    init(_ path: String) throws {
        do {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        } catch {
            let cause = (error as NSError).userInfo[NSUnderlyingErrorKey] as? any Error ?? error
            throw UsageError("--folder \(path): cannot create the folder: \(cause.localizedDescription)")
        }
        guard let real = realpath(path, nil) else {
            throw UsageError("--folder \(path): \(String(cString: strerror(errno)))")
        }
        defer { free(real) }
        self.path = String(cString: real)
    }

    /// What each host runs.
    var script: String { "\(path)/campaign.sh" }
    /// Where the results of a host are once they are complete.
    func results(of host: String) -> String { "\(path)/\(host).json" }
    /// What the jobs of a host said, one after the other.
    func log(of host: String) -> String { "\(path)/\(host).log" }

    /// What the names of this campaign's jobs begin with; behind it stands the node's.
    var jobPrefix: String { "invbench-\(ShortHash.of(path, digits: 8))-" }

    /// Writes the script, or finds it there. One of another build or with other flags is of another campaign, whose results
    /// would not be of the same cells.
    func keep(_ script: JobScript) throws {
        if let old = try? String(contentsOfFile: self.script, encoding: .utf8) {
            if old == script.text { return }
            throw UsageError(
                "\(self.script): of a campaign with other flags or another build (\(JobScript.summary(of: old))); repeat "
                    + "those, or take another --folder")
        }
        do {
            try AtomicFile.write(script.text, to: self.script)
        } catch {
            throw UsageError("--folder: \(error.description)")
        }
    }

    /// Whether a host's results are there. A job gives the file its name when all is measured, so what is there is complete.
    ///
    /// Throws where the file cannot be read, holds nothing, or is of another host.
    func isComplete(_ host: String) throws -> Bool {
        let path = results(of: host)
        guard FileManager.default.fileExists(atPath: path) else { return false }
        let file = try UsageError.explaining { try ResultsFile(reading: path, counters: []) }
        let owner = file.context["host_id"]
        guard owner == host, !file.rows.isEmpty else {
            throw UsageError(
                "\(path): "
                    + (owner == host
                        ? "no repetition in it" : "measured on \(owner ?? "a host without a name"), not on \(host)")
                    + "; take it out of the folder to have the host measured")
        }
        return true
    }
}

/// What Slurm runs on each host of a campaign: a shell script, which people can read and run by hand.
struct JobScript: Equatable {
    /// The text.
    let text: String

    private static let marks = ["# build: ", "# flags: "]

    /// Measures what `flags` of `run` choose by `program`, as it was built from `build`, and leaves the results in `folder`.
    init(program: String, build: String, flags: [String], folder: String) {
        let quoted = ReproducingCommand.quoted
        let flags = flags.map(quoted).joined(separator: " ")
        text = """
            #!/bin/sh
            # Measures one host for the campaign in this folder. 'invbench campaign' wrote it, and has Slurm run it on each host.
            \(Self.marks[0])\(build)
            \(Self.marks[1])\(flags)
            set -u
            folder=\(quoted(folder))
            program=\(quoted(program))
            host=$SLURMD_NODENAME
            if [ -e "$folder/$host.json" ]; then
                echo "job $SLURM_JOB_ID: $host has been measured"
                exit 0
            fi
            [ -d "$folder" ] || { echo "$folder: not there on $host; every host has to share it" >&2; exit 2; }
            [ -x "$program" ] || { echo "$program: not there on $host; put it where every host has it" >&2; exit 2; }
            # What a job before this one had finished: no part of a run is the run.
            rm -f "$folder/.$host".*.json
            part=$folder/.$host.$SLURM_JOB_ID.json
            echo "job $SLURM_JOB_ID: measures $host, $(date -u +%Y-%m-%dT%H:%M:%SZ)"
            "$program" run \(flags) --host "$host" --no-save --benchmark_out="$part" || exit
            mv "$part" "$folder/$host.json" || exit
            echo "job $SLURM_JOB_ID: has measured $host, $(date -u +%Y-%m-%dT%H:%M:%SZ)"

            """
    }

    /// Which build and flags a script has: `build 3c2319f, flags --guard mutex`.
    static func summary(of text: String) -> String {
        let lines = text.split(separator: "\n")
        return marks.compactMap { mark in
            lines.first { $0.hasPrefix(mark) }.map { "\(mark.dropFirst(2).dropLast(2)) \($0.dropFirst(mark.count))" }
        }
        .joined(separator: ", ")
    }
}
