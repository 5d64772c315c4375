/// What one check found.
struct Finding: Equatable, Sendable {
    /// What it asks of the reader.
    enum Level: String, CaseIterable, Sendable {
        /// To be changed before a serious run.
        case change
        /// Cannot be changed from here, cannot be seen, or only makes results hard to compare.
        case note
        /// Nothing to do.
        case ok
    }

    let level: Level
    /// What was looked at, in at most 20 characters.
    let subject: String
    /// What was found, and why it matters.
    let text: String
    /// What to type to change it, a command each; empty where no command does it.
    let commands: [String]

    static func change(_ subject: String, _ text: String, _ commands: String...) -> Finding {
        Finding(level: .change, subject: subject, text: text, commands: commands)
    }

    static func note(_ subject: String, _ text: String) -> Finding {
        Finding(level: .note, subject: subject, text: text, commands: [])
    }

    static func ok(_ subject: String, _ text: String) -> Finding {
        Finding(level: .ok, subject: subject, text: text, commands: [])
    }

    /// Of what the kernel does not show.
    static func unseen(_ subject: String, _ text: String = "the kernel does not show it") -> Finding {
        note(subject, text)
    }
}
