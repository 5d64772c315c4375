// How a function of C++ is declared for C: where it throws, the program ends.
#ifndef C_FACE_H
#define C_FACE_H

#ifdef __cplusplus
#define PEER_C_BEGIN extern "C" {
#define PEER_C_END }
#define PEER_NOEXCEPT noexcept
#else
#define PEER_C_BEGIN
#define PEER_C_END
#define PEER_NOEXCEPT
#endif

#endif
