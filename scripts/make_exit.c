// SPDX-License-Identifier: Apache-2.0
/*
 * A function for GNU make, $(make-exit N): ends make itself with status N. Without it a failing
 * recipe always ends make with 2, and the status of `make run` could not say how the guest ended.
 * Source: GNU make manual, "Loading Dynamic Objects".
 */
#include <gnumake.h>
#include <stdlib.h>

/** GNU make refuses an object without this symbol. */
int plugin_is_GPL_compatible;
int make_exit_gmk_setup(const gmk_floc *where);

/** Called by make for $(make-exit N); all recipes have ended when it is expanded. */
static char *leave(const char *name, unsigned int count, char **arguments) {
    (void)name;
    (void)count;
    exit(atoi(arguments[0]));
}

/** Called by make once the object is loaded; nonzero means success. */
int make_exit_gmk_setup(const gmk_floc *where) {
    (void)where;
    gmk_add_function("make-exit", leave, 1, 1, GMK_FUNC_DEFAULT);
    return 1;
}
