// std::shared_mutex. ThreadSanitizer knows the lock of the C library that it is made of.
#ifndef STANDARD_SHARED_MUTEX_H
#define STANDARD_SHARED_MUTEX_H

#include "CFace.h"

#include <stdbool.h>

PEER_C_BEGIN

struct peer_shared_mutex;
struct peer_shared_mutex *_Nonnull peer_shared_mutex_create(void) PEER_NOEXCEPT;
void peer_shared_mutex_destroy(struct peer_shared_mutex *_Nonnull lock) PEER_NOEXCEPT;
void peer_shared_mutex_lock_shared(struct peer_shared_mutex *_Nonnull lock) PEER_NOEXCEPT;
void peer_shared_mutex_unlock_shared(struct peer_shared_mutex *_Nonnull lock) PEER_NOEXCEPT;
void peer_shared_mutex_lock_exclusive(struct peer_shared_mutex *_Nonnull lock) PEER_NOEXCEPT;
bool peer_shared_mutex_try_exclusive(struct peer_shared_mutex *_Nonnull lock) PEER_NOEXCEPT;
void peer_shared_mutex_unlock_exclusive(struct peer_shared_mutex *_Nonnull lock) PEER_NOEXCEPT;

PEER_C_END

#endif
