import Synchronization
import Testing

@testable import NotifierDispatch

@Suite("CacheLineArray")
struct CacheLineArrayTests {
    struct Wide: ~Copyable {
        let words: InlineArray<17, UInt64> = .init(repeating: 7)
    }

    final class Witness {
        let deaths: EventCounter
        init(_ deaths: EventCounter) { self.deaths = deaths }
        deinit { deaths.count() }
    }

    struct Element: ~Copyable {
        let witness: Witness
    }

    @Test("Every element begins a cache line of its own")
    func alignment() {
        let array = CacheLineArray<Atomic<UInt8>>(count: 5) { Atomic(3) }
        #expect(array.count == 5)
        for index in 0..<5 {
            #expect(UInt(bitPattern: array[index]) % 128 == 0)
            #expect(array[index].pointee.load(ordering: .relaxed) == 3)
        }
        for index in 1..<5 {
            #expect(UInt(bitPattern: array[index]) - UInt(bitPattern: array[index - 1]) == 128)
        }
    }

    @Test("Elements larger than a line take as many lines as they need")
    func largeElements() {
        let array = CacheLineArray<Wide>(count: 3) { Wide() }
        #expect(UInt(bitPattern: array[1]) - UInt(bitPattern: array[0]) == 256)
        #expect(UInt(bitPattern: array[2]) % 128 == 0)
        #expect(array[2].pointee.words[16] == 7)
    }

    @Test("The elements are destroyed with the array, each once, and not before")
    func deinitOfElements() {
        let deaths = EventCounter()
        func use() {
            let array = CacheLineArray<Element>(count: 4) { Element(witness: Witness(deaths)) }
            #expect(deaths.value == 0)
            #expect(array.count == 4)
            _ = consume array
        }
        use()
        #expect(deaths.value == 4)
    }

    #if DEBUG
        @Test("An index out of bounds traps")
        func outOfBoundsTraps() async {
            await #expect(processExitsWith: .failure) {
                let array = CacheLineArray<Atomic<Int>>(count: 2) { Atomic(0) }
                _ = array[2]
            }
        }
    #endif
}
