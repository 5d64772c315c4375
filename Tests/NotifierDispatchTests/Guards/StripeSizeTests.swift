import Testing

@testable import NotifierDispatch

@Suite("Stripe sizes")
struct StripeSizeTests {
    @Test("Only a power of two of pages makes a stripe")
    func powersOfTwo() {
        #expect([1, 2, 512, 1 << 20].allSatisfy { StripeSize(pages: $0)?.pages == $0 })
        #expect([Int.min, -1, 0, 3, 511, 513].allSatisfy { StripeSize(pages: $0) == nil })
        #expect(StripeSize.hugePage == StripeSize(pages: 512))
    }

    @Test("A part of a stripe counts whole")
    func count() {
        #expect([1, 511, 512, 513, 1_024, 1_025].map { StripeSize.hugePage.count(pages: $0) } == [1, 1, 1, 2, 2, 3])
    }

    @Test("A range touches the stripes of its first and last pages and all between")
    func indices() {
        let size = StripeSize.hugePage
        #expect(size.indices(of: .of(0..<1)) == 0...0)
        #expect(size.indices(of: .of(0..<512)) == 0...0)
        #expect(size.indices(of: .of(511..<513)) == 0...1)
        #expect(size.indices(of: .of(512..<2_048)) == 1...3)
        #expect(size.range(of: 3).pages == 1_536..<2_048)
    }
}
