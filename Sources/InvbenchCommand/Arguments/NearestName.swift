/// Finds the name that somebody probably meant.
enum NearestName {
    /// The one of `names` with the fewest single-letter changes from `word`, where they are few enough to be a slip.
    static func of(_ word: String, among names: [String]) -> String? {
        let candidates = names.map { (name: $0, distance: distance(Array(word), Array($0))) }
        guard let best = candidates.min(by: { $0.distance < $1.distance }) else { return nil }
        return best.distance <= max(1, word.count / 3) ? best.name : nil
    }

    /// The Levenshtein distance: insertions, deletions and replacements that turn one word into the other.
    private static func distance(_ left: [Character], _ right: [Character]) -> Int {
        var row = Array(0...right.count)
        for (i, letter) in left.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, other) in right.enumerated() {
                let replaced = diagonal + (letter == other ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(replaced, row[j] + 1, diagonal + 1)
            }
        }
        return row[right.count]
    }
}
