import Testing
@testable import InvalidationStorm
