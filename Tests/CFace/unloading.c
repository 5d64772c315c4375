// Opens the library late, uses it, and closes it: it stays, since handlers of fork, threads' ends and the Swift runtime would
// be left without their code. And its functions are found by their version.
#define _GNU_SOURCE
#include "face.h"

#include <dlfcn.h>

int main(int count, char **arguments) {
    if (count < 2) return fprintf(stderr, "usage: unloading LIBRARY\n"), 2;
    void *library = dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) return fprintf(stderr, "%s\n", dlerror()), 1;
    int (*create)(nd_space **) = (int (*)(nd_space **))dlvsym(library, "nd_space_create", "ND_1");
    int (*destroy)(nd_space *) = (int (*)(nd_space *))dlvsym(library, "nd_space_destroy", "ND_1");
    if (create == NULL || destroy == NULL) return fprintf(stderr, "%s\n", dlerror()), 1;
    nd_space *space;
    EXPECT(0, create(&space));
    EXPECT(0, destroy(space));
    EXPECT(0, dlclose(library));
    if (dlopen(arguments[1], RTLD_NOW | RTLD_NOLOAD) == NULL) return fprintf(stderr, "dlclose has unloaded the library\n"), 1;
    EXPECT(0, create(&space));
    EXPECT(0, destroy(space));
    return 0;
}
