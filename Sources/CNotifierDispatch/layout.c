// What the Swift side relies on: see CallerMemory.swift. A change of one of these is a new version of the library.
#include "notifierdispatch.h"

#include <stddef.h>

_Static_assert(sizeof(struct nd_ticket) == 168 && offsetof(struct nd_ticket, own) == 8, "the layout of a ticket");
_Static_assert(sizeof(struct nd_section) == 56 && offsetof(struct nd_section, own) == 8, "the layout of a section");
_Static_assert(sizeof(struct nd_subscribe_options) == 48, "the layout of the options");
_Static_assert(sizeof(struct nd_cache_options) == 64, "the layout of a cache's options");
_Static_assert(sizeof(struct nd_region) == 48 && offsetof(struct nd_region, own) == 32, "the layout of a region");
