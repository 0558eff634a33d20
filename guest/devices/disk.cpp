// SPDX-License-Identifier: Apache-2.0
// The block device (VIRTIO 1.2, 5.2): sectors written with a pattern, read back and compared.
// Completions are taken by the interrupt's handler alone, so a lost interrupt is a request that
// never ends.

#include "channel.hpp"
#include "checks.hpp"

#include <cstdio>

namespace guest {
namespace {

constexpr std::uint32_t sector_words = 512 / 8;
constexpr std::uint32_t chain_length = 3; // header, data, status
constexpr std::uint32_t slot_count = 8;
static_assert(slot_count * chain_length <= VirtQueue::largest);

/** 5.2.6, struct virtio_blk_req: type. */
enum class Kind : std::uint32_t { read = 0, write = 1 };

struct Header {
    Kind kind;
    std::uint32_t reserved;
    std::uint64_t sector;
};

/** One request: the memory that the device sees, and where it stands. */
struct Slot {
    volatile std::uint64_t data[sector_words];
    Header header;
    volatile std::uint8_t status; // 0 good; written by the device
    bool busy;
    volatile bool done; // set by the handler
};

/** So many sectors from `first` on, `depth` requests at a time. */
struct Pass {
    Kind kind;
    std::uint64_t first;
    std::uint64_t count;
    std::uint32_t depth;
    Idle idle;
};

constinit Channel channel{};
constinit Slot slots[slot_count]{};
constinit volatile std::uint64_t stray_chains = 0;

After on_irq(Ack) {
    return channel.serve();
}

void on_used(UsedChain chain) {
    const std::uint32_t index = chain.head / chain_length;
    if (chain.head % chain_length != 0 || index >= slot_count || slots[index].done) {
        stray_chains = stray_chains + 1;
        return;
    }
    slots[index].done = true;
}

/** What word `i` of a sector holds: SplitMix64's finaliser, so that no two words are alike. */
std::uint64_t pattern(std::uint64_t sector, std::uint64_t i) {
    std::uint64_t x = (sector * sector_words + i + 1) * 0x9e3779b97f4a7c15;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return x ^ (x >> 31);
}

void start(std::uint32_t index, Kind kind, std::uint64_t sector) {
    Slot& slot = slots[index];
    slot.header = Header{kind, 0, sector};
    slot.status = 0xff;
    slot.busy = true;
    slot.done = false;
    for (std::uint64_t i = 0; i < sector_words; ++i) {
        slot.data[i] = kind == Kind::write ? pattern(sector, i) : 0;
    }
    const Buffer buffers[chain_length] = {
        {&slot.header, sizeof slot.header, Buffer::Writer::driver},
        {&slot.data[0], sizeof slot.data,
         kind == Kind::read ? Buffer::Writer::device : Buffer::Writer::driver},
        {&slot.status, sizeof slot.status, Buffer::Writer::device},
    };
    const auto head = static_cast<std::uint16_t>(index * chain_length);
    channel.queue.describe(head, buffers);
    channel.submit(head);
}

/** A done request is judged and its slot free again. */
bool collect(Slot& slot, std::uint64_t& sum) {
    slot.busy = false;
    bool good = slot.status == 0;
    for (std::uint64_t i = 0; i < sector_words; ++i) {
        good = good && slot.data[i] == pattern(slot.header.sector, i);
        sum += slot.data[i];
    }
    return good;
}

bool any_done(std::uint32_t depth) {
    for (std::uint32_t i = 0; i < depth; ++i) {
        if (slots[i].busy && slots[i].done) {
            return true;
        }
    }
    return false;
}

/** Waits for a completion. A disk may be slow, for its host may be; what it has used must come. */
Outcome await(const Pass& pass) {
    constexpr unsigned slow_disk = 8; // times patience_us
    bool used = false;
    for (unsigned i = 0; i < slow_disk; ++i) {
        if (serve_until([&pass] { return any_done(pass.depth); }, pass.idle)) {
            return passed;
        }
        GUEST_REQUIRE(!used, "completions lost, after", channel.completions);
        used = channel.queue.has_used();
    }
    return failed("the disk does not answer, after", channel.completions);
}

Outcome run(const Pass& pass, std::uint64_t& sum) {
    std::uint64_t sent = 0;
    std::uint64_t back = 0;
    while (back < pass.count) {
        for (std::uint32_t i = 0; i < pass.depth; ++i) {
            if (slots[i].busy && slots[i].done) {
                GUEST_REQUIRE(collect(slots[i], sum), "wrong data or status of sector",
                              slots[i].header.sector);
                ++back;
            }
            if (!slots[i].busy && sent < pass.count) {
                start(i, pass.kind, pass.first + sent);
                ++sent;
            }
        }
        if (back < pass.count) {
            GUEST_REQUIRE_PASS(await(pass));
        }
    }
    return passed;
}

const char* open() {
    for (Slot& slot : slots) {
        slot.busy = false;
        slot.done = false;
    }
    stray_chains = 0;
    return channel.open(find_virtio(VirtioKind::block), on_irq, on_used);
}

/** Writes, then reads `count` sectors from `first` on and compares. */
Outcome write_and_read(std::uint64_t first, std::uint64_t count, std::uint32_t depth, Idle idle) {
    std::uint64_t written = 0;
    std::uint64_t read = 0;
    GUEST_REQUIRE_PASS(run({Kind::write, first, count, depth, idle}, written));
    GUEST_REQUIRE_PASS(run({Kind::read, first, count, depth, idle}, read));
    GUEST_REQUIRE(written == read, "checksum of what was read", read);
    GUEST_REQUIRE(channel.completions == 2 * count, "completions", channel.completions);
    GUEST_REQUIRE(stray_chains == 0, "completions of nothing", stray_chains);
    GUEST_REQUIRE_PASS(end_check());
    const std::uint64_t interrupts = taken(channel.wire.intid);
    std::printf("disk: %s transport, %lu requests, %lu completions, %lu interrupts, "
                "checksum 0x%lx\n",
                name(channel.device.transport()), 2 * count, channel.completions, interrupts, read);
    GUEST_REQUIRE(interrupts <= 2 * count, "more interrupts than completions", interrupts);
    return channel.interrupts_were(depth == 1 ? 2 * count : interrupts);
}

/** The first sector holds a text from outside. */
Outcome label() {
    GUEST_REQUIRE_NO(open());
    begin_check();
    start(0, Kind::read, 0);
    GUEST_REQUIRE(serve_until([] { return any_done(1); }), "no interrupt", 0);
    const auto* const text = reinterpret_cast<const volatile char*>(&slots[0].data[0]);
    std::printf("disk: the label is '");
    for (unsigned i = 0; i < 64 && text[i] >= ' ' && text[i] <= '~'; ++i) {
        std::printf("%c", text[i]);
    }
    std::printf("', %lu sectors\n", channel.device.config64(0)); // 5.2.4, capacity
    GUEST_REQUIRE(slots[0].status == 0, "status", slots[0].status);
    GUEST_REQUIRE_PASS(end_check());
    return channel.interrupts_were(1);
}

/** One request at a time: as many interrupts as completions. */
Outcome one_by_one() {
    GUEST_REQUIRE_NO(open());
    begin_check();
    return write_and_read(1, 1000, 1, Idle::spin);
}

/** Eight at a time, asleep meanwhile: completions come together and while one is served. */
Outcome many_at_once() {
    GUEST_REQUIRE_NO(open());
    begin_check(EoiMode::split);
    return write_and_read(1001, 4000, slot_count, Idle::sleep);
}

constexpr Check all[] = {
    {"T33-label", label},
    {"T33", one_by_one},
    {"T33-many", many_at_once},
};

} // namespace

std::span<const Check> disk_checks() {
    return all;
}

} // namespace guest
