// SPDX-License-Identifier: Apache-2.0
/*
 * A TCG plugin that follows each stay in EL2, on each CPU: from a lower EL's vector to the ERET, or
 * to EL2's WFI, after which a stay by the name of `wake` begins, or to the next step of long work
 * (interrupts are let in between two steps), with which one of `work` begins. It tells why a stay began (by the
 * guest's last instruction that can trap, since a plugin reads no register), how many instructions
 * it took, and where the longest one spent them. What runs before the first vector is `boot`; by
 * `load` each write of VMPIDR_EL2 is counted, that is each vCPU that is loaded.
 *
 * HINT #0x60+K of a guest closes a section and opens section K, HINT #0x67 only closes. Lines:
 *   plugin section=K cpu=C reason=R stays=.. insns=.. longest=.. shortest=..  if not zero
 *   plugin all cpu=C reason=R stays=.. insns=.. longest=.. pc=0x.. hist=..  whole run; pc is
 *       the guest's at that one, hist counts stays up to 16, 64, 128, 256, .. instructions
 *   plugin spent cpu=C reason=R address=0x.. n=..   of that longest stay, each instruction
 *   plugin profile section=K address=0x.. n=..   with profile=1: all of a section's instructions
 * Arguments: lo=, hi= the hypervisor's address range; vectors= a vector table (repeatable); step=
 * the function that does such a step; profile=1. Right under MTTCG, too, but for sections, which are exact under -icount alone.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "qemu_plugin_v1.h"

int qemu_plugin_version = 1;
int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv);

enum reason { boot, irq, serror, wake, hvc, smc, wfi, wfe, sysreg, memory, fp, load, work, reasons };
static const char *const reason_names[] = {"boot", "irq", "serror", "wake",   "hvc", "smc",
                                           "wfi",  "wfe", "sysreg", "memory", "fp",   "load", "work"};
enum { max_cpus = 8, max_tables = 8, buckets = 12, path_length = 1 << 16, closing_marker = 7 };
enum { no_section = -1, reason_shift = 56, profile_words = 1 << 18 };
static const uint64_t bucket_ends[buckets] = {16,   64,   128,  256,  512,   1024,
                                              1536, 2048, 2500, 5000, 10000, UINT64_MAX};

struct tally {
    uint64_t stays, insns, longest, shortest, pc, hist[buckets];
};

struct cpu {
    struct tally whole[reasons], before[reasons]; /* before: but longest, shortest */
    enum reason reason;
    bool open, asleep;
    uint64_t length;
    uint64_t guest; /* the guest's last instruction that can trap: its address, and reason on top */
    /* Instructions of this stay, of each reason's longest one; from the image's start on. */
    uint32_t path[path_length], longest_path[reasons][path_length];
};

static const uint64_t low_bits = (UINT64_C(1) << 56) - 1;
static struct cpu cpus[max_cpus + 1]; /* one more for those that nobody looks at */
static uint64_t range_lo, range_hi, image, step, tables[max_tables];
static unsigned table_count;
static int section = no_section, profiled;
static uint32_t profile[profile_words];

static void print_section(void) {
    char text[160];
    for (unsigned c = 0; c < max_cpus; c++) {
        for (unsigned r = 0; r < reasons; r++) {
            const struct tally *now = &cpus[c].whole[r], *then = &cpus[c].before[r];
            if (now->insns != then->insns) {
                snprintf(text, sizeof text,
                         "plugin section=%d cpu=%u reason=%s stays=%" PRIu64 " insns=%" PRIu64
                         " longest=%" PRIu64 " shortest=%" PRIu64 "\n",
                         section, c, reason_names[r], now->stays - then->stays,
                         now->insns - then->insns, then->longest, then->shortest);
                qemu_plugin_outs(text);
            }
        }
    }
    for (unsigned i = 0; profiled && i < profile_words; i++) {
        if (profile[i] != 0) {
            snprintf(text, sizeof text, "plugin profile section=%d address=%#" PRIx64 " n=%u\n",
                     section, image + 4 * i, profile[i]);
            qemu_plugin_outs(text);
        }
    }
}

static void on_marker(unsigned int vcpu, void *data) {
    (void)vcpu;
    const int marker = (int)(intptr_t)data;
    if (section != no_section) {
        print_section();
    }
    section = marker == closing_marker ? no_section : marker;
    for (unsigned c = 0; c < max_cpus; c++) {
        memcpy(cpus[c].before, cpus[c].whole, sizeof cpus[c].before);
        for (unsigned r = 0; r < reasons; r++) {
            cpus[c].before[r].longest = 0;
            cpus[c].before[r].shortest = UINT64_MAX;
        }
    }
    memset(profile, 0, sizeof profile);
}

static struct cpu *cpu_of(unsigned int vcpu) {
    return &cpus[vcpu < max_cpus ? vcpu : max_cpus];
}

static void on_guest(unsigned int vcpu, void *data) {
    cpu_of(vcpu)->guest = (uint64_t)(uintptr_t)data;
}

static void open_stay(struct cpu *cpu, enum reason reason) {
    cpu->open = true;
    cpu->asleep = false;
    cpu->reason = reason;
    cpu->length = 0;
    cpu->whole[reason].stays++;
}

static size_t kept(uint64_t length) {
    return length < path_length ? length : path_length;
}

static void close_stay(struct cpu *cpu) {
    if (!cpu->open) {
        return;
    }
    struct tally *tally = &cpu->whole[cpu->reason], *mark = &cpu->before[cpu->reason];
    unsigned bucket = 0;
    while (cpu->length > bucket_ends[bucket]) {
        bucket++;
    }
    tally->hist[bucket]++;
    mark->longest = cpu->length > mark->longest ? cpu->length : mark->longest;
    mark->shortest = cpu->length < mark->shortest ? cpu->length : mark->shortest;
    if (cpu->length > tally->longest) {
        tally->longest = cpu->length;
        tally->pc = cpu->guest & low_bits;
        memcpy(cpu->longest_path[cpu->reason], cpu->path, kept(cpu->length) * sizeof cpu->path[0]);
    }
    cpu->open = false;
    cpu->reason = boot;
}

/* Every instruction of EL2, before it is executed. */
static void on_el2(unsigned int vcpu, void *data) {
    struct cpu *const cpu = cpu_of(vcpu);
    const uint64_t word = ((uint64_t)(uintptr_t)data - image) / 4;
    if (cpu->asleep) {
        open_stay(cpu, wake);
    }
    if (cpu->length < path_length) {
        cpu->path[cpu->length] = (uint32_t)word;
    }
    cpu->length++;
    cpu->whole[cpu->reason].insns++;
    if (profiled && section != no_section && word < profile_words) {
        profile[word]++;
    }
}

static void on_vector(unsigned int vcpu, void *data) {
    const uint64_t why = data != NULL ? (uintptr_t)data : cpu_of(vcpu)->guest >> reason_shift;
    open_stay(cpu_of(vcpu), (enum reason)why);
}

static void on_load(unsigned int vcpu, void *data) {
    cpu_of(vcpu)->whole[(uintptr_t)data].stays++;
}

/* ERET, WFI, or the first instruction of a step of long work. */
static void on_leave(unsigned int vcpu, void *data) {
    const bool goes_on = cpu_of(vcpu)->open && (uintptr_t)data == work;
    close_stay(cpu_of(vcpu));
    cpu_of(vcpu)->asleep = (uintptr_t)data == wfi;
    if (goes_on) {
        open_stay(cpu_of(vcpu), work);
    }
}

/* What can trap, by its encoding (DDI 0487, A64 encoding index); `boot` for what cannot. */
static enum reason trap_of(uint32_t word) {
    if ((word & ~0x20u) == 0xd503205fu) {
        return (word & 0x20u) != 0 ? wfi : wfe;
    }
    if ((word & 0xffe0001eu) == 0xd4000002u) {
        return (word & 1) == 0 ? hvc : smc;
    }
    if (word >> 22 == 0x354) { /* system instructions and registers */
        return (word & 0xfffff01fu) == 0xd503201fu ? boot : sysreg;
    }
    if ((word >> 25 & 5) == 4) {
        return memory;
    }
    return (word >> 25 & 7) == 7 ? fp : boot;
}

typedef void on_instruction(unsigned int vcpu, void *data);

static void call(struct qemu_plugin_insn *insn, on_instruction *what, uint64_t data) {
    qemu_plugin_register_vcpu_insn_exec_cb(insn, what, QEMU_PLUGIN_CB_NO_REGS,
                                           (void *)(uintptr_t)data);
}

static void watch_el2(struct qemu_plugin_insn *insn, uint64_t address, uint32_t word) {
    for (unsigned i = 0; i < table_count; i++) {
        switch (address - tables[i]) {
        case 0x400: call(insn, on_vector, 0); break;
        case 0x480: case 0x500: call(insn, on_vector, irq); break;
        case 0x580: call(insn, on_vector, serror); break;
        }
    }
    call(insn, on_el2, address);
    if ((word & ~0x1fu) == 0xd51c00a0u) { /* MSR VMPIDR_EL2 */
        call(insn, on_load, load);
    }
    if (word == 0xd69f03e0u || word == 0xd503207fu || address == step) {
        call(insn, on_leave, address == step ? work : trap_of(word));
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
        if (address >= range_lo && address < range_hi) {
            watch_el2(insn, address, word);
        } else if ((word & 0xffffff1fu) == 0xd5032c1fu) { /* HINT #0x60 to #0x67 */
            call(insn, on_marker, word >> 5 & 7);
        } else if (trap_of(word) != boot) {
            call(insn, on_guest, (uint64_t)trap_of(word) << reason_shift | (address & low_bits));
        }
    }
}

static int compare_words(const void *a, const void *b) {
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static void print_longest(unsigned c, unsigned r) {
    uint32_t *const path = cpus[c].longest_path[r];
    const size_t length = kept(cpus[c].whole[r].longest);
    qsort(path, length, sizeof path[0], compare_words);
    for (size_t i = 0, n = 1; i < length; i++, n++) {
        if (i + 1 == length || path[i + 1] != path[i]) {
            char text[128];
            snprintf(text, sizeof text, "plugin spent cpu=%u reason=%s address=%#" PRIx64 " n=%zu\n",
                     c, reason_names[r], image + UINT64_C(4) * path[i], n);
            qemu_plugin_outs(text);
            n = 0;
        }
    }
}

static void on_end(qemu_plugin_id_t id, void *data) {
    (void)id, (void)data;
    on_marker(0, (void *)closing_marker);
    for (unsigned c = 0; c < max_cpus; c++) {
        for (unsigned r = 0; r < reasons; r++) {
            const struct tally *t = &cpus[c].whole[r];
            char text[512];
            int used = snprintf(text, sizeof text,
                                "plugin all cpu=%u reason=%s stays=%" PRIu64 " insns=%" PRIu64
                                " longest=%" PRIu64 " pc=%#" PRIx64 " hist=",
                                c, reason_names[r], t->stays, t->insns, t->longest, t->pc);
            for (unsigned b = 0; b < buckets; b++) {
                used += snprintf(text + used, sizeof text - (size_t)used, "%s%" PRIu64,
                                 b == 0 ? "" : ",", t->hist[b]);
            }
            qemu_plugin_outs(t->insns + t->stays == 0 ? "" : strcat(text, "\n"));
            print_longest(c, r);
        }
    }
}

/* QEMU calls this once; anything but 0 makes it refuse the plugin and end. */
int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv) {
    (void)info;
    for (int i = 0; i < argc; i++) {
        const char *value = strchr(argv[i], '=');
        const uint64_t number = value == NULL ? 0 : strtoull(value + 1, NULL, 0);
        if (strncmp(argv[i], "lo=", 3) == 0) {
            range_lo = number;
        } else if (strncmp(argv[i], "hi=", 3) == 0) {
            range_hi = number;
        } else if (strncmp(argv[i], "step=", 5) == 0) {
            step = number;
        } else if (strncmp(argv[i], "profile=", 8) == 0) {
            profiled = number != 0;
        } else if (strncmp(argv[i], "vectors=", 8) == 0 && table_count < max_tables) {
            tables[table_count++] = number;
        } else {
            return 1;
        }
    }
    image = table_count == 0 ? range_lo : tables[0] >> 20 << 20;
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_block);
    qemu_plugin_register_atexit_cb(id, on_end, NULL);
    return 0;
}
