/// The line that shows how far a run is, rewritten in place; nothing where standard error is no terminal.
struct ProgressLine {
    private let total: Int
    private let expectedSeconds: Double
    private let isShown: Bool
    private let clock = ContinuousClock()
    private let start: ContinuousClock.Instant

    init(total: Int, expectedSeconds: Double, isShown: Bool = StandardError.isTerminal) {
        self.total = total
        self.expectedSeconds = expectedSeconds
        self.isShown = isShown
        start = clock.now
    }

    /// Shows that repetition `position`, counted from 0, of the cell `name` begins.
    func show(position: Int, name: String) {
        guard isShown else { return }
        let elapsed = Double((clock.now - start).components.seconds)
        let left =
            position == 0 ? expectedSeconds : elapsed / Double(position) * Double(total - position)
        let line = Self.line(position: position, total: total, name: name, secondsLeft: left)
        StandardError.write("\r\u{1B}[K" + line)
    }

    /// Takes the line away.
    func clear() {
        if isShown { StandardError.write("\r\u{1B}[K") }
    }

    /// The text, short enough for a terminal of 80 columns.
    static func line(position: Int, total: Int, name: String, secondsLeft: Double) -> String {
        let percent = position * 100 / max(1, total)
        let end = "  \(percent) %, \(Self.text(seconds: secondsLeft)) left"
        let line = "cell \(position + 1) of \(total)  \(name)"
        return line.count + end.count <= 79 ? line + end : line.prefix(79 - end.count) + end
    }

    /// Minutes and seconds: `1:05`.
    static func text(seconds: Double) -> String {
        let whole = Int(seconds.rounded(.up))
        let remainder = whole % 60
        return "\(whole / 60):\(remainder < 10 ? "0" : "")\(remainder)"
    }
}
