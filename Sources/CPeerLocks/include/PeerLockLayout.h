// Cache lines as the engine counts them: 64-byte lines are fetched in pairs on current x86-64, and Arm has some of 128.
// And inline code for the way of a fault: whole, where a compiler would find a lock too long for that.
#ifndef PEER_LOCK_LAYOUT_H
#define PEER_LOCK_LAYOUT_H

#define PEER_LINE 128
#define PEER_ON_LINES __attribute__((aligned(PEER_LINE)))
#define PEER_INLINED __attribute__((always_inline, flatten)) static inline

#endif
