import Testing
@testable import BenchmarkRecords
