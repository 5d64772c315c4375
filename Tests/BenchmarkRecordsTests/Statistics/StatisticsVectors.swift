import Foundation
import Testing

/// Samples and what SciPy makes of them, as Scripts/statistics-vectors prints it.
struct StatisticsVectors: Decodable {
    struct MannWhitney: Decodable {
        let strata: [[[Double]]]
        let p: Double
    }
    struct Delta: Decodable {
        let first: [Double]
        let second: [Double]
        let delta: Double
    }
    /// Two samples.
    struct DataSet: Decodable {
        let first: [Double]
        let second: [Double]
        let p: Double
        /// After correction over all sets.
        let holm: Double
        let benjaminiHochberg: Double
        let estimate: Double
        /// The ends of the interval; `nil` where the samples are too small for one.
        let lower: Double?
        let upper: Double?
        /// The ends of the bootstrap interval of the estimate.
        let bootstrap: [Double]
    }
    /// The logarithms of the quotients of pairs.
    struct PairedSet: Decodable {
        let logs: [Double]
        let p: Double
        let estimate: Double
        let lower: Double?
        let upper: Double?
    }
    let scipy: String
    let numpy: String
    let mannWhitney: [MannWhitney]
    let delta: [Delta]
    let sets: [DataSet]
    let pairedSets: [PairedSet]

    init(json: String) throws {
        self = try JSONDecoder().decode(Self.self, from: Data(json.utf8))
    }

    /// What the script once printed.
    static func storedText() throws -> String {
        let file = try #require(Bundle.module.url(forResource: "statistics-vectors", withExtension: "json"))
        return try String(contentsOf: file, encoding: .utf8)
    }
}
