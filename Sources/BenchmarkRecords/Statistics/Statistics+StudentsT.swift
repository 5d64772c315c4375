import Foundation

extension Statistics {
    /// The two-sided p-value of Student's t-test for two samples of one variance: whether their means differ.
    ///
    /// 1 where both samples are one constant, 0 where they are two different ones. `nil` where a sample is empty or
    /// both hold one value: then nothing is known of the variance.
    public static func studentP(_ first: [Double], _ second: [Double]) -> Double? {
        let freedom = Double(first.count + second.count - 2)
        guard !first.isEmpty, !second.isEmpty, freedom > 0 else { return nil }
        let (firstMean, firstSquares) = momentsAboutMean(first)
        let (secondMean, secondSquares) = momentsAboutMean(second)
        let variance = (firstSquares + secondSquares) / freedom
        let error = (variance * (1 / Double(first.count) + 1 / Double(second.count))).squareRoot()
        return tTestP(difference: firstMean - secondMean, error: error, freedom: freedom)
    }

    /// The two-sided p-value of Welch's t-test, for samples whose variances may differ.
    ///
    /// 1 and 0 for constants as with ``studentP(_:_:)``. `nil` where a sample holds fewer than two values.
    public static func welchP(_ first: [Double], _ second: [Double]) -> Double? {
        guard first.count > 1, second.count > 1 else { return nil }
        let (firstMean, firstSquares) = momentsAboutMean(first)
        let (secondMean, secondSquares) = momentsAboutMean(second)
        let (n, m) = (Double(first.count), Double(second.count))
        let (firstShare, secondShare) = (firstSquares / (n - 1) / n, secondSquares / (m - 1) / m)
        let sum = firstShare + secondShare
        // Welch and Satterthwaite's degrees of freedom.
        let freedom = sum * sum / (firstShare * firstShare / (n - 1) + secondShare * secondShare / (m - 1))
        return tTestP(difference: firstMean - secondMean, error: sum.squareRoot(), freedom: freedom)
    }

    private static func tTestP(difference: Double, error: Double, freedom: Double) -> Double {
        if difference == 0 { return 1 }
        return error > 0 ? StudentsT.twoSidedP(beyond: difference / error, freedom: freedom) : 0
    }

    /// The mean, and the sum of the squared distances from it.
    private static func momentsAboutMean(_ values: [Double]) -> (mean: Double, squares: Double) {
        let mean = values.reduce(0, +) / Double(values.count)
        return (mean, values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) })
    }
}
