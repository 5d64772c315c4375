import java.util.ArrayList;
import java.util.List;

/** Allocates in two threads until the collector has run some times, and ends. */
final class Load {
    public static void main(String[] arguments) throws InterruptedException {
        Thread[] threads = new Thread[2];
        for (int number = 0; number < threads.length; number++) {
            threads[number] = new Thread(Load::allocate);
            threads[number].start();
        }
        for (Thread thread : threads) thread.join();
    }

    private static void allocate() {
        List<byte[]> kept = new ArrayList<>();
        for (int turn = 0; turn < 3000; turn++) {
            byte[] block = new byte[8192];
            if (turn % 10 == 0) kept.add(block);
            if (kept.size() > 100) kept.clear();
        }
    }
}
