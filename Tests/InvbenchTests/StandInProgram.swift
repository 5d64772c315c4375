import Foundation

/// A script that answers as invbench does where another command runs it: it lists one cell, and measures a rate that
/// scatters by some per mille.
struct StandInProgram {
    static let cell = "storm/kvm/storm/faulters:1/invalidators:1"

    /// The script's path.
    let path: String

    /// Writes the script `name` into the folder of `command`. `last` is what it does when it has measured.
    init(_ name: String, rate: Int, in command: InvbenchProcess, last: String = "exit 0") throws {
        path = command.folder.appendingPathComponent(name).path
        try command.write(Self.script(rate: rate, last: last), to: name)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    }

    private static func script(rate: Int, last: String) -> String {
        """
        #!/bin/bash
        for word in "$@"; do
            case $word in
                --benchmark_list_tests=true) echo '\(cell)'; exit 0 ;;
                --benchmark_out=*) file=${word#*=} ;;
            esac
        done
        rate=$((\(rate) + \(rate) / 1000 * (RANDOM % 5)))
        cat >"$file" <<END
        {"context": {"date": "$(date -u +%FT%T+00:00)", "machine_id": "m", "commit": "c\(rate)"}, "benchmarks": [
        {"name": "\(cell)", "run_type": "iteration", "iterations": 1, "real_time": 1, "cpu_time": 1,
         "time_unit": "ns", "faults_per_second": $rate, "began": $(date +%s%N), "seen": "$*"}]}
        END
        \(last)
        """
    }
}
