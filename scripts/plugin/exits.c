// SPDX-License-Identifier: Apache-2.0
/*
 * A TCG plugin that counts, exactly, what the hypervisor costs: instructions executed in its address
 * range, entries of its lower-EL vectors, accesses to the interrupt controller (system registers by
 * opcode, frames by the device that answers), barriers, ERETs and distinct 64-byte lines.
 *
 * The guest marks sections by HINT #0x60 to #0x66 (each a NOP everywhere): HINT #0x60+K closes what
 * is open and opens section K, HINT #0x67 only closes. Each section closed prints one line:
 *   plugin section=K insns=.. el2=.. exits=.. sync=.. irq=.. gic=.. barriers=.. erets=.. lines=..
 * and the first instruction outside the range after the first ERET inside prints
 *   plugin boot insns=.. el2=..
 * At the end comes one line more, of the same words for the whole run: plugin total insns=.. el2=..
 * Arguments: lo=, hi= the hypervisor's address range; vectors= a vector table (repeatable).
 * The counters are plain words: right under -icount, where one thread runs all CPUs.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qemu_plugin_v1.h"

int qemu_plugin_version = 1;
int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv);

enum counter { insns, el2, sync, irq, other, gic, barriers, erets, counters };
enum { max_tables = 8, line_slots = 1 << 16, no_section = -1, closing_marker = 7 };

static uint64_t count[counters];
static uint64_t at_start[counters];
static int section = no_section;
static uint64_t range_lo, range_hi;
static uint64_t tables[max_tables];
static unsigned table_count;
static bool in_guest;

/* Open addressing; a slot holds line + 1, so 0 is free. Emptied when a section opens. */
static uint64_t line_set[line_slots];
static uint64_t line_count;

static void note_line(uint64_t address) {
    const uint64_t line = (address >> 6) + 1;
    uint64_t slot = (line * 0x9e3779b97f4a7c15u) >> 48;
    while (line_set[slot] != 0 && line_set[slot] != line) {
        slot = (slot + 1) % line_slots;
    }
    if (line_set[slot] == 0 && line_count < line_slots / 2) {
        line_set[slot] = line;
        line_count++;
    }
}

static void print_counts(const char *title, const uint64_t *d) {
    char text[256];
    snprintf(text, sizeof text,
             "plugin %s insns=%" PRIu64 " el2=%" PRIu64 " exits=%" PRIu64 " sync=%" PRIu64
             " irq=%" PRIu64 " gic=%" PRIu64 " barriers=%" PRIu64 " erets=%" PRIu64,
             title, d[insns], d[el2], d[sync] + d[irq] + d[other], d[sync], d[irq], d[gic],
             d[barriers], d[erets]);
    qemu_plugin_outs(text);
}

static void print_section(void) {
    uint64_t d[counters];
    char text[64];
    for (unsigned i = 0; i < counters; i++) {
        d[i] = count[i] - at_start[i];
    }
    snprintf(text, sizeof text, "section=%d", section);
    print_counts(text, d);
    snprintf(text, sizeof text, " lines=%" PRIu64 "\n", line_count);
    qemu_plugin_outs(text);
}

static void on_marker(unsigned int vcpu, void *data) {
    (void)vcpu;
    const int marker = (int)(intptr_t)data;
    if (section != no_section) {
        print_section();
    }
    section = marker == closing_marker ? no_section : marker;
    memcpy(at_start, count, sizeof at_start);
    memset(line_set, 0, sizeof line_set);
    line_count = 0;
}

/* On each instruction outside the range that begins a block: has the first guest begun? */
static void on_outside(unsigned int vcpu, void *data) {
    (void)vcpu;
    (void)data;
    if (in_guest || count[erets] == 0) {
        return;
    }
    in_guest = true;
    char text[96];
    snprintf(text, sizeof text, "plugin boot insns=%" PRIu64 " el2=%" PRIu64 "\n",
             count[insns], count[el2]);
    qemu_plugin_outs(text);
}

static void on_el2_insn(unsigned int vcpu, void *data) {
    (void)vcpu;
    if (section != no_section) {
        note_line((uint64_t)(uintptr_t)data);
    }
}

static void on_el2_access(unsigned int vcpu, qemu_plugin_meminfo_t info, uint64_t vaddr,
                          void *data) {
    (void)vcpu;
    (void)data;
    const struct qemu_plugin_hwaddr *where = qemu_plugin_get_hwaddr(info, vaddr);
    if (where != NULL && qemu_plugin_hwaddr_is_io(where)) {
        if (strncmp(qemu_plugin_hwaddr_device_name(where), "gic", 3) == 0) {
            count[gic]++;
        }
    } else if (section != no_section) {
        note_line(vaddr);
    }
}

/* MRS or MSR of ICC_* or ICH_*: op0 3, CRn 12, CRm 8 and above, op1 0 or 4; or ICC_PMR_EL1. */
static bool is_gic_register(uint32_t word) {
    if ((word & 0xffd80000u) != 0xd5180000u) {
        return false;
    }
    const uint32_t op1 = word >> 16 & 7, crn = word >> 12 & 15, crm = word >> 8 & 15;
    if (crn == 4) {
        return op1 == 0 && crm == 6 && (word >> 5 & 7) == 0;
    }
    return crn == 12 && crm >= 8 && (op1 == 0 || op1 == 4);
}

static bool is_barrier(uint32_t word) {
    const uint32_t kind = word & 0xfffff0ffu;
    return kind == 0xd503309fu || kind == 0xd50330bfu || kind == 0xd50330dfu; /* DSB DMB ISB */
}

static void add(struct qemu_plugin_insn *insn, enum counter which) {
    qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_INLINE_ADD_U64, &count[which], 1);
}

static void watch_vectors(struct qemu_plugin_insn *insn, uint64_t address) {
    for (unsigned i = 0; i < table_count; i++) {
        switch (address - tables[i]) {
        case 0x400: add(insn, sync); break;
        case 0x480: add(insn, irq); break;
        case 0x500:
        case 0x580: add(insn, other); break;
        default: break;
        }
    }
}

static void watch_el2(struct qemu_plugin_insn *insn, uint64_t address, uint32_t word) {
    add(insn, el2);
    watch_vectors(insn, address);
    if (is_gic_register(word)) {
        add(insn, gic);
    } else if (is_barrier(word)) {
        add(insn, barriers);
    } else if (word == 0xd69f03e0u) {
        add(insn, erets);
    }
    qemu_plugin_register_vcpu_insn_exec_cb(insn, on_el2_insn, QEMU_PLUGIN_CB_NO_REGS,
                                           (void *)(uintptr_t)address);
    qemu_plugin_register_vcpu_mem_cb(insn, on_el2_access, QEMU_PLUGIN_CB_NO_REGS,
                                     QEMU_PLUGIN_MEM_RW, NULL);
}

/* HINT #0x60 to #0x67: CRm 12, op2 the marker. */
static void watch_guest(struct qemu_plugin_insn *insn, uint32_t word) {
    if ((word & 0xffffff1fu) == 0xd5032c1fu) {
        qemu_plugin_register_vcpu_insn_exec_cb(insn, on_marker, QEMU_PLUGIN_CB_NO_REGS,
                                               (void *)(intptr_t)(word >> 5 & 7));
    }
}

static void on_block(qemu_plugin_id_t id, struct qemu_plugin_tb *tb) {
    (void)id;
    const size_t n = qemu_plugin_tb_n_insns(tb);
    for (size_t i = 0; i < n; i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        const uint64_t address = qemu_plugin_insn_vaddr(insn);
        uint32_t word;
        memcpy(&word, qemu_plugin_insn_data(insn), sizeof word);
        const bool inside = address >= range_lo && address < range_hi;
        if (i == 0 && !inside) {
            qemu_plugin_register_vcpu_insn_exec_cb(insn, on_outside, QEMU_PLUGIN_CB_NO_REGS, NULL);
        }
        add(insn, insns);
        if (inside) {
            watch_el2(insn, address, word);
        } else {
            watch_guest(insn, word);
        }
    }
}

static void on_end(qemu_plugin_id_t id, void *data) {
    (void)id;
    (void)data;
    if (section != no_section) {
        print_section();
    }
    section = no_section;
    print_counts("total", count);
    qemu_plugin_outs("\n");
}

/* QEMU calls this once; anything but 0 makes it refuse the plugin and end. */
int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv) {
    (void)info;
    for (int i = 0; i < argc; i++) {
        const char *value = strchr(argv[i], '=');
        if (value == NULL) {
            return 1;
        }
        const uint64_t number = strtoull(value + 1, NULL, 0);
        if (strncmp(argv[i], "lo=", 3) == 0) {
            range_lo = number;
        } else if (strncmp(argv[i], "hi=", 3) == 0) {
            range_hi = number;
        } else if (strncmp(argv[i], "vectors=", 8) == 0 && table_count < max_tables) {
            tables[table_count++] = number;
        } else {
            return 1;
        }
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_block);
    qemu_plugin_register_atexit_cb(id, on_end, NULL);
    return 0;
}
