// Which mutation is on. Scripts/mutation-check writes a call of this wherever it has mutated a source file.
#ifndef MUTATION_SWITCH_H
#define MUTATION_SWITCH_H

#include <stdbool.h>

// The number in the environment's INVBENCH_MUTATION; 0 if there is none. Written once, before main.
extern int mutation_switch_number;

static inline bool mutation_is_on(int number) { return mutation_switch_number == number; }

#endif
