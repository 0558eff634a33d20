// SPDX-License-Identifier: Apache-2.0
/*
 * A TCG plugin that makes EL2 slow at random places, for as long as a CPU may be slow: before one
 * instruction in `every`, on the average, it sleeps up to `most` microseconds. With a thread for each
 * CPU the others go on meanwhile, so that CPUs meet in states that are hardly ever seen otherwise.
 * Arguments: lo=, hi= the hypervisor's address range; every= (8192), most= (200), seed= (1).
 * `vectors=` is accepted and not used. At the end: plugin delays=.. us=..
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "qemu_plugin_v1.h"

int qemu_plugin_version = 1;
int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv);

enum { max_cpus = 8, line = 64 };

/* Each CPU's own, on a cache line of its own. */
struct cpu {
    _Alignas(line) uint64_t random;
    uint64_t delays, microseconds;
};

static struct cpu cpus[max_cpus];
static uint64_t range_lo, range_hi, every = 8192, most = 200, seed = 1;

static uint64_t next(struct cpu *cpu) {
    cpu->random ^= cpu->random << 13;
    cpu->random ^= cpu->random >> 7;
    cpu->random ^= cpu->random << 17;
    return cpu->random;
}

static void on_el2(unsigned int vcpu, void *data) {
    (void)data;
    struct cpu *const cpu = &cpus[vcpu % max_cpus];
    if ((next(cpu) >> 16) % every != 0) {
        return;
    }
    const uint64_t time = (next(cpu) >> 16) % (most + 1);
    const struct timespec wait = {.tv_sec = 0, .tv_nsec = (long)time * 1000};
    cpu->delays++;
    cpu->microseconds += time;
    nanosleep(&wait, NULL);
}

static void on_block(qemu_plugin_id_t id, struct qemu_plugin_tb *tb) {
    (void)id;
    const size_t n = qemu_plugin_tb_n_insns(tb);
    for (size_t i = 0; i < n; i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        const uint64_t address = qemu_plugin_insn_vaddr(insn);
        if (address >= range_lo && address < range_hi) {
            qemu_plugin_register_vcpu_insn_exec_cb(insn, on_el2, QEMU_PLUGIN_CB_NO_REGS, NULL);
        }
    }
}

static void on_end(qemu_plugin_id_t id, void *data) {
    (void)id;
    (void)data;
    uint64_t delays = 0, microseconds = 0;
    char text[96];
    for (unsigned c = 0; c < max_cpus; c++) {
        delays += cpus[c].delays;
        microseconds += cpus[c].microseconds;
    }
    snprintf(text, sizeof text, "plugin delays=%" PRIu64 " us=%" PRIu64 "\n", delays, microseconds);
    qemu_plugin_outs(text);
}

/* QEMU calls this once; anything but 0 makes it refuse the plugin and end. */
int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv) {
    static const char *const names[] = {"lo", "hi", "every", "most", "seed"};
    uint64_t *const values[] = {&range_lo, &range_hi, &every, &most, &seed};
    (void)info;
    for (int i = 0; i < argc; i++) {
        const char *value = strchr(argv[i], '=');
        bool known = value != NULL && strncmp(argv[i], "vectors=", 8) == 0;
        for (unsigned n = 0; value != NULL && n < sizeof names / sizeof names[0]; n++) {
            const size_t length = (size_t)(value - argv[i]);
            if (strlen(names[n]) == length && strncmp(argv[i], names[n], length) == 0) {
                *values[n] = strtoull(value + 1, NULL, 0);
                known = true;
            }
        }
        if (!known || every == 0) {
            return 1;
        }
    }
    for (unsigned c = 0; c < max_cpus; c++) {
        cpus[c].random = (seed + c + 1) * 0x9e3779b97f4a7c15u;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_block);
    qemu_plugin_register_atexit_cb(id, on_end, NULL);
    return 0;
}
