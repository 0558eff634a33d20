// SPDX-License-Identifier: Apache-2.0
// PSCI (DEN 0022): each call's answer, and the error for each wrong argument, by HVC and by SMC. The
// bare machine has one conduit, and where QEMU's PSCI does not follow the document it is not asked.

#include "lab.hpp"

namespace guest::smp {
namespace {

constexpr std::uint64_t nowhere = 0x0b000000; // nothing lies here on virt, bare or Baton's
constexpr std::uint64_t unknown_cpu = 0xfe0000;

std::int64_t call(Conduit by, Function f, std::uint64_t x1 = 0, std::uint64_t x2 = 0,
                  std::uint64_t x3 = 0) {
    return psci_call(by, static_cast<std::uint32_t>(f), x1, x2, x3);
}

/** Runs a check by each conduit that there is. */
template <Outcome (*by_conduit)(Conduit)>
Outcome by_each() {
    GUEST_TRY(by_conduit(machine().psci));
    if (machine().under_baton) {
        GUEST_TRY(by_conduit(Conduit::hvc));
        GUEST_TRY(by_conduit(Conduit::smc));
    }
    return passed;
}

Outcome version(Conduit by) {
    const std::int64_t version = call(by, Function::psci_version);
    return expect(version >> 16 == 1 && (version & 0xffff) >= 1, "not PSCI 1.1",
                  static_cast<std::uint64_t>(version));
}

Outcome features(Conduit by) {
    for (const Function f :
         {Function::psci_version, Function::psci_cpu_suspend, Function::psci_cpu_suspend64,
          Function::psci_cpu_off, Function::psci_cpu_on, Function::psci_cpu_on64,
          Function::psci_affinity_info, Function::psci_affinity_info64,
          Function::psci_migrate_info_type, Function::psci_system_off, Function::psci_system_reset,
          Function::psci_features}) {
        const auto number = static_cast<std::uint32_t>(f);
        GUEST_REQUIRE(call(by, Function::psci_features, number) == psci_success, "not there",
                      number);
    }
    // MIGRATE, and numbers that are no function: a gap, CPU_OFF and PSCI_VERSION in 64 bits.
    for (const std::uint32_t number :
         {0x84000005U, 0x8400001fU, 0xc4000002U, 0xc4000000U, 0x12345678U}) {
        GUEST_REQUIRE(call(by, Function::psci_features, number) == psci_not_supported, "there",
                      number);
    }
    if (machine().under_baton) {
        for (const Function f : {Function::psci_system_reset2, Function::psci_system_reset2_64,
                                 Function::smccc_version}) {
            const auto number = static_cast<std::uint32_t>(f);
            GUEST_REQUIRE(call(by, Function::psci_features, number) == psci_success, "not there",
                          number);
        }
    }
    return passed;
}

Outcome unknown(Conduit by) {
    for (const std::uint32_t number :
         {0x84000005U, 0x8400001fU, 0xc4000000U, 0xc4000002U, 0xc400001fU, 0x86001234U}) {
        GUEST_REQUIRE(psci_call(by, number) == psci_not_supported, "answered", number);
    }
    return passed;
}

Outcome migrate(Conduit by) {
    const std::int64_t type = call(by, Function::psci_migrate_info_type);
    return expect(type == 2, "not `nothing to migrate`", static_cast<std::uint64_t>(type));
}

Outcome info(Conduit by) {
    for (const Function f : {Function::psci_affinity_info, Function::psci_affinity_info64}) {
        for (unsigned i = 0; i < cpu_count(); ++i) {
            const std::int64_t state = call(by, f, cpu_at(i).affinity, 0);
            GUEST_REQUIRE(state == psci_on, "not on", state);
        }
        for (const std::uint64_t wrong : {unknown_cpu, cpu_at(0).affinity | 1U << 31}) {
            const std::int64_t answer = call(by, f, wrong, 0);
            GUEST_REQUIRE(answer == psci_invalid_parameters, "no such CPU", answer);
        }
    }
    if (machine().under_baton) { // QEMU: everything above level 0 is on
        const std::int64_t answer = call(by, Function::psci_affinity_info64, 0, 4);
        GUEST_REQUIRE(answer == psci_invalid_parameters, "no such level", answer);
    }
    return passed;
}

Outcome on_errors(Conduit by) {
    for (const Function f : {Function::psci_cpu_on, Function::psci_cpu_on64}) {
        for (unsigned i = 0; i < cpu_count(); ++i) {
            const std::int64_t answer = call(by, f, cpu_at(i).affinity, 0x40200000);
            GUEST_REQUIRE(answer == psci_already_on, "a CPU that is on", answer);
        }
        for (const std::uint64_t wrong : {unknown_cpu, cpu_at(0).affinity | 1U << 31}) {
            const std::int64_t answer = call(by, f, wrong, 0x40200000);
            GUEST_REQUIRE(answer == psci_invalid_parameters, "no such CPU", answer);
        }
    }
    return passed;
}

Outcome off_errors(Conduit by) {
    constexpr unsigned cpu = 1;
    GUEST_REQUIRE(turn_off(cpu), "is not off", cpu);
    if (machine().under_baton) { // QEMU starts it anywhere
        for (const std::uint64_t wrong : {nowhere, machine().distributor, ~std::uint64_t{3}}) {
            const std::int64_t answer =
                call(by, Function::psci_cpu_on64, cpu_at(cpu).affinity, wrong);
            GUEST_REQUIRE(answer == psci_invalid_address, "invalid address", wrong);
            GUEST_REQUIRE(affinity_info(cpu) == psci_off, "no longer off", wrong);
        }
    }
    return expect(turn_on(cpu), "did not come back", cpu);
}

Outcome off_errors_by_each() {
    return cpu_count() < 2 ? skipped("one CPU") : by_each<off_errors>();
}

/** Only calls that cannot succeed: success would be the end. */
Outcome reset2(Conduit by) {
    for (const Function f : {Function::psci_system_reset2, Function::psci_system_reset2_64}) {
        const std::int64_t answer = call(by, f, 1, 0);
        GUEST_REQUIRE(answer == psci_invalid_parameters, "a reset type that is not there", answer);
    }
    return passed;
}

Outcome reset2_by_each() {
    return machine().under_baton ? by_each<reset2>() : skipped("QEMU has no SYSTEM_RESET2");
}

Outcome suspend(Conduit by) {
    constexpr std::uint64_t no_such_state = 0xffffffff;
    for (const Function f : {Function::psci_cpu_suspend, Function::psci_cpu_suspend64}) {
        const std::int64_t answer = call(by, f, no_such_state);
        GUEST_REQUIRE(answer == psci_invalid_parameters, "no such state", answer);
        mask_interrupts();
        start_ticking(microseconds(200), 1);
        const std::int64_t woken = call(by, f, 0); // standby; its end is the masked interrupt
        const bool expired = VirtualTimer::expired();
        unmask_interrupts();
        GUEST_REQUIRE(woken == psci_success, "standby", woken);
        GUEST_REQUIRE(expired, "woken before its time", 0);
        GUEST_REQUIRE(ticked(0), "the tick that ended it is lost", 0);
        VirtualTimer::stop();
    }
    return nothing_odd();
}

constexpr Check all[] = {
    {"psci.version", by_each<version>},
    {"psci.features", by_each<features>},
    {"psci.unknown", by_each<unknown>},
    {"psci.migrate", by_each<migrate>},
    {"psci.info", by_each<info>},
    {"psci.on-errors", by_each<on_errors>},
    {"psci.off-errors", off_errors_by_each},
    {"psci.reset2", reset2_by_each},
    {"psci.suspend", by_each<suspend>},
};

} // namespace

std::span<const Check> psci_checks() {
    return all;
}

} // namespace guest::smp
