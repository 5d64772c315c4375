import ArgumentParser
import CPlatform
import Glibc
import TorturedDispatch

/// The command `torture`.
@main
struct Torture: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "torture",
        abstract: "Torture each guard of NotifierDispatch on many threads, with delays inside the engine's protocols.",
        discussion: """
            The last line of the output is SUCCESS or FAILURE. Exit code 0: nothing is wrong; 1: something is, and the output \
            names it; 2: wrong usage.
            """)

    @Option(help: "How long each guard is tortured, in seconds, 1 or above.")
    var seconds = 10
    @Option(help: "The number that all random choices come from.")
    var seed: UInt64 = 1
    @Option(help: "The guards to torture, with commas between. All by default.")
    var `guard`: String?
    @Option(help: "How many threads, 2 to 256. Eight for each processor by default, 16 at least.")
    var threads: Int = max(16, 8 * sysconf(Int32(_SC_NPROCESSORS_ONLN)))
    @Option(help: "After how many seconds of the torture's own clock an operation counts as stuck.")
    var stallSeconds: Int?
    @Option(help: "Torture a deliberately broken variant, which must be caught.")
    var busted: String?
    @Flag(help: "Name the guards and the broken variants, and what each must be caught as.")
    var list = false

    static func main() {
        do {
            var torture = try parse()
            try torture.run()
        } catch {
            let status = exitCode(for: error)
            if status.isSuccess { exit(withError: error) }
            let line = message(for: error).split(separator: "\n").first.map(String.init) ?? "wrong usage"
            Verdict.say("torture: \(line); see torture --help")
            Glibc.exit(2)
        }
    }

    mutating func run() throws {
        if list { return printList() }
        guard seconds >= 1 else { throw ValidationError("--seconds \(seconds) is not 1 or above") }
        guard (2...256).contains(threads) else { throw ValidationError("--threads \(threads) is not from 2 to 256") }
        if let stallSeconds, stallSeconds < 1 {
            throw ValidationError("--stall-seconds \(stallSeconds) is not 1 or above")
        }
        let variant = try busted.map { name in
            guard let variant = Busted(rawValue: name) else {
                throw ValidationError("--busted \(name) is no broken variant; --list names them")
            }
            return variant
        }
        let guards = try chosenGuards(variant)
        Busted.current = variant
        DelaysInSequences.areDeaf = variant == .deafSequence
        // A variant is to be caught within 30 seconds.
        Watchdog.limit = (stallSeconds ?? (variant == nil ? 30 : 8)) * Ticks.perSecond
        Signals.install()
        Forks.install()
        EngineDelays.install()
        Verdict.catchTraps()
        let watchdog = Watchdog.start()
        for tortured in guards {
            Verdict.guardName = tortured.rawValue
            Verdict.repetition = repetition(of: tortured)
            Workers(tortured, seed: seed).run(seconds: seconds, threads: threads)
            Counts.checkBalance()
            LiveObjects.checkNoneLeft()
        }
        Watchdog.end()
        watchdog.join()
        for line in Counts.lines() { print("  \(line)") }
        print("repeat with: \(repetition(of: nil))")
        print(
            "SUCCESS: nothing is wrong with \(guards.map(\.rawValue).joined(separator: ", ")) after \(Ticks.seconds) s")
    }

    private func chosenGuards(_ variant: Busted?) throws -> [TorturedGuard] {
        guard let names = `guard` ?? variant?.guard.rawValue else { return TorturedGuard.available }
        guard names.contains(where: { $0 != "," }) else {
            throw ValidationError("--guard names no guard; --list names them")
        }
        return try names.split(separator: ",").map { name in
            guard let tortured = TorturedGuard(rawValue: String(name)) else {
                throw ValidationError("--guard \(name) is no guard; --list names them")
            }
            if let refusal = tortured.refusal { throw ValidationError("--guard \(name) cannot be had: \(refusal)") }
            return tortured
        }
    }

    private func repetition(of tortured: TorturedGuard?) -> String {
        var words = ["torture --seconds \(seconds) --seed \(seed) --threads \(threads)"]
        if let names = tortured?.rawValue ?? `guard` { words.append("--guard \(names)") }
        if let busted { words.append("--busted \(busted)") }
        if let stallSeconds { words.append("--stall-seconds \(stallSeconds)") }
        return words.joined(separator: " ")
    }

    private func printList() {
        for tortured in TorturedGuard.allCases { print("guard \(tortured.rawValue)") }
        for variant in Busted.allCases {
            print("busted \(variant.rawValue): \(variant.fault.rawValue): \(variant.summary)")
        }
    }
}
