// SPDX-License-Identifier: Apache-2.0
// The mailbox of a vCPU, alone and under several threads: posts merge, none is lost, and who finds
// the box empty has to kick. Then the delivery words under several threads: one holder at a time,
// nothing lost. Barriers are not tested here, for the host's memory is stronger than Arm's.
#include "hyp/core/vgic/vm_irqs.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <atomic>
#include <thread>
#include <vector>

using namespace hyp;

namespace {

struct Taken {
    std::vector<std::pair<u32, u8>> sgis;
    std::vector<std::pair<Request, u32>> spis;
    unsigned all = 0;
    std::vector<std::pair<u8, u8>> talk;
};

Taken take(Mailbox& box) {
    Taken taken;
    box.take([&](VIntid sgi, u8 senders) { taken.sgis.emplace_back(sgi.value(), senders); },
             [&](Request request, VIntid spi) { taken.spis.emplace_back(request, spi.value()); },
             [&] { ++taken.all; },
             [&](u8 askers, u8 answerers) { taken.talk.emplace_back(askers, answerers); });
    return taken;
}

// What can be posted: four kinds of request for a few SPIs, SGIs of eight senders, the VM's.
constexpr std::array<u32, 4> some_spis{32, 63, 64, guest_intids - 1};
constexpr unsigned spi_cells = requests * some_spis.size();
constexpr unsigned sgi_cells = 16 * 8;
constexpr unsigned talk_cell = spi_cells + sgi_cells + 1;
constexpr unsigned cells = talk_cell + 16;

[[nodiscard]] bool post(Mailbox& box, unsigned cell) {
    if (cell < spi_cells) {
        const Request request = static_cast<Request>(cell / some_spis.size());
        return box.post(request, VIntid{some_spis[cell % some_spis.size()]});
    }
    if (cell < spi_cells + sgi_cells) {
        const unsigned sgi = cell - spi_cells;
        return box.post_sgi(VIntid{sgi / 8}, static_cast<u8>(1U << sgi % 8));
    }
    if (cell < talk_cell) {
        return box.post_all();
    }
    const u8 from = static_cast<u8>(cell - talk_cell);
    return from < 8 ? box.post_question(from) : box.post_answer(static_cast<u8>(from - 8));
}

template <class Visit>
void take_cells(Mailbox& box, Visit visit) {
    box.take(
        [&](VIntid sgi, u8 senders) {
            for (u32 rest = senders; rest != 0; rest &= rest - 1) {
                visit(spi_cells + sgi.value() * 8 + static_cast<unsigned>(__builtin_ctz(rest)));
            }
        },
        [&](Request request, VIntid spi) {
            for (unsigned n = 0; n < some_spis.size(); ++n) {
                if (some_spis[n] == spi.value()) {
                    visit(static_cast<unsigned>(request) * unsigned{some_spis.size()} + n);
                }
            }
        },
        [&] { visit(talk_cell - 1); },
        [&](u8 askers, u8 answerers) {
            for (u32 rest = askers | u32{answerers} << 8U; rest != 0; rest &= rest - 1) {
                visit(talk_cell + static_cast<unsigned>(__builtin_ctz(rest)));
            }
        });
}

// So that none is over before the next begins.
class Together {
public:
    explicit Together(u32 threads) : missing_{threads} {}
    void start() {
        missing_.fetch_sub(1);
        while (missing_.load() != 0) {
            std::this_thread::yield();
        }
    }

private:
    std::atomic<u32> missing_;
};

// A few bits of chance for each thread, without a lock.
struct Chance {
    u32 state;
    u32 operator()() {
        state ^= state << 13U;
        state ^= state >> 17U;
        state ^= state << 5U;
        return state;
    }
};

} // namespace

TEST_CASE("mailbox: each thing that can be posted comes out as it is", "[vgic][mailbox]") {
    for (unsigned cell = 0; cell < cells; ++cell) {
        Mailbox box;
        CHECK(box.is_empty());
        CHECK(post(box, cell)); // the first post asks for a kick
        CHECK_FALSE(box.is_empty());
        std::vector<unsigned> got;
        take_cells(box, [&](unsigned one) { got.push_back(one); });
        CHECK(got == std::vector<unsigned>{cell});
        CHECK(box.is_empty());
        CHECK(box == Mailbox{});
    }
}

TEST_CASE("mailbox: posts of one kind merge, those of different kinds do not", "[vgic][mailbox]") {
    Mailbox box;
    CHECK(box.post(Request::look, VIntid{40}));
    CHECK_FALSE(box.post(Request::look, VIntid{40}));
    CHECK_FALSE(box.post(Request::end, VIntid{40}));
    CHECK_FALSE(box.post(Request::look, VIntid{287}));
    CHECK_FALSE(box.post_sgi(VIntid{15}, 0x01));
    CHECK_FALSE(box.post_sgi(VIntid{15}, 0x80));
    CHECK_FALSE(box.post_all());
    const Taken taken = take(box);
    CHECK(taken.all == 1);
    CHECK(taken.sgis == std::vector<std::pair<u32, u8>>{{15, 0x81}});
    CHECK(taken.spis.size() == 3);
    CHECK(take(box).spis.empty());
    CHECK(box.post(Request::drop, VIntid{40})); // empty again: kick again
}

// The owner looks only when it was kicked; each post is numbered, and what the owner saw last of
// each kind must be the last number.
TEST_CASE("mailbox: three that post and one that is kicked, nothing lost", "[vgic][mailbox]") {
    constexpr u32 posters = 3;
    constexpr u32 rounds = 60'000;
    Mailbox box;
    std::atomic<u32> kicks{0};
    std::atomic<u32> working{posters};
    std::array<std::atomic<u32>, cells> posted{};
    std::array<u32, cells> seen{};
    Together together{posters + 1};
    const auto look = [&] {
        if (kicks.exchange(0) != 0) {
            take_cells(box, [&](unsigned cell) { seen[cell] = posted[cell].load(); });
        }
    };
    std::vector<std::thread> threads;
    for (u32 n = 0; n < posters; ++n) {
        threads.emplace_back([&, n] {
            Chance chance{0x9e37'79b9U + n};
            together.start();
            for (u32 round = 0; round < rounds; ++round) {
                const unsigned cell = chance() % cells;
                posted[cell].fetch_add(1);
                if (post(box, cell)) {
                    kicks.fetch_add(1);
                }
            }
            working.fetch_sub(1);
        });
    }
    together.start();
    while (working.load() != 0) {
        look();
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    look();
    CHECK(box.is_empty());
    bool complete = true;
    for (unsigned cell = 0; cell < cells; ++cell) {
        complete = complete && seen[cell] == posted[cell].load();
    }
    CHECK(complete);
}

// Each thread is a vCPU: it raises, claims, puts back, releases and sends the SPI on to the next.
TEST_CASE("delivery words: four vCPUs at one word, one holder, no raise lost", "[vgic][mailbox]") {
    constexpr u8 vcpus = 4;
    constexpr u32 rounds = 200'000;
    constexpr VIntid spi{40};
    VmIrqs vm{vcpus, Group::group1};
    vm.step(spi, Event::to_edge);
    vm.step(spi, Event::enable);
    std::atomic<u32> raised{0};
    std::atomic<u32> seen{0};
    std::atomic<u32> holders{0};
    std::atomic<bool> exclusive{true};
    Together together{vcpus};
    const auto is_mine = [](const VmIrqs::Step& done, u8 self) {
        return !done.before.is_held() && done.after.is_held_by(VcpuIndex{self});
    };
    const auto serve = [&](u8 self, bool give_back) {
        if (!is_mine(vm.step(spi, Event::claim, self), self)) {
            return;
        }
        if (holders.fetch_add(1) != 0) {
            exclusive = false;
        }
        const u32 so_far = raised.load();
        if (!give_back) {
            u32 last = seen.load();
            while (last < so_far && !seen.compare_exchange_weak(last, so_far)) {
            }
        }
        holders.fetch_sub(1);
        vm.step(spi, give_back ? Event::put_back : Event::release, self);
    };
    std::vector<std::thread> threads;
    for (u8 self = 0; self < vcpus; ++self) {
        threads.emplace_back([&, self] {
            Chance chance{0x85eb'ca6bU + self};
            together.start();
            for (u32 round = 0; round < rounds; ++round) {
                raised.fetch_add(1);
                vm.step(spi, Event::raise);
                serve(self, chance() % 4 == 0);
                vm.step(spi, Event::route, static_cast<u8>(chance() % vcpus));
                vm.step(spi, Event::prioritize, static_cast<u8>(chance()));
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    serve(vm.word(spi).get<Delivery::Target>(), false);
    CHECK(exclusive.load());
    CHECK(seen.load() == raised.load());
    CHECK_FALSE(vm.word(spi).is_held());
    CHECK_FALSE(vm.word(spi).is_pending());
}
