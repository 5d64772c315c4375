// Cache lines as the engine counts them: 64-byte lines are fetched in pairs on current x86-64, and Arm has some of 128.
#ifndef PEER_LOCK_LINES_H
#define PEER_LOCK_LINES_H

#define PEER_LINE 128
#define PEER_ON_LINES __attribute__((aligned(PEER_LINE)))

#endif
