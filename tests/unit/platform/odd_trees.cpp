// SPDX-License-Identifier: Apache-2.0
// Trees that no machine here has, one property each: what the reader must take, leave or refuse.
#include "hyp/platform/pcpus.hpp"
#include "tests/trees/tree_bytes.hpp"

#include <string_view>

using namespace hyp;
using namespace std::string_view_literals;

namespace {

Result<Platform> read_source(const std::string& source) {
    const trees::Bytes bytes = trees::compiled(source);
    trees::Guarded guarded{bytes.size()};
    return read_platform(guarded.hold(bytes.data(), bytes.size()), bytes.size(), Pa{0x1000});
}

Platform platform_of(const std::string& source) {
    const Result<Platform> read = read_source(source);
    INFO(read.error().reason);
    REQUIRE(read.ok());
    return read.value();
}

// A root with two cells each and the given body.
std::string root(const std::string& body) {
    return "/ { #address-cells = <2>; #size-cells = <2>; compatible = \"x,y\"; " + body + " };";
}

std::string gic(const std::string& more) {
    return "interrupt-controller@1000 { phandle = <1>; interrupt-controller; " + more + " };";
}

const std::string gicv2 =
    gic("compatible = \"arm,gic-400\"; #interrupt-cells = <3>; reg = <0 0x1000 0 0x1000>, "
        "<0 0x2000 0 0x2000>, <0 0x4000 0 0x2000>, <0 0x6000 0 0x2000>;");

std::string uart(const std::string& node, const std::string& more) {
    return node + " { compatible = \"arm,pl011\", \"arm,primecell\"; " + more + " };";
}

} // namespace

TEST_CASE("an almost empty tree is read and names nothing", "[platform]") {
    const Platform platform = platform_of("/ { };");
    CHECK(platform.model == ""sv);
    CHECK(platform.ram_count == 0);
    CHECK(platform.cpu_count == 0);
    CHECK_FALSE(platform.gic.present);
    CHECK(platform.uart.kind == UartKind::none);
    CHECK(platform.conduit == Conduit::none);
    CHECK_FALSE(platform.timer.vtimer.present);
    CHECK(platform.reserved_count == 1);
}

TEST_CASE("a tree without a model goes by its compatible string", "[platform]") {
    CHECK(platform_of(root("")).model == "x,y"sv);
    CHECK(platform_of(root("model = \"0123456789012345678901234567890123456789"
                           "0123456789\";"))
              .model == "01234567890123456789012345678901234567890123456"sv);
}

TEST_CASE("memory: several nodes, several ranges, none that wraps or is disabled", "[platform]") {
    const Platform platform = platform_of(root(
        "memory@0 { device_type = \"memory\"; reg = <0 0x1000 0 0x2000>, <1 0 2 0>, <9 0 0 0>; };"
        "memory@1 { device_type = \"memory\"; reg = <3 0 0 4>; };"
        "memory@2 { device_type = \"memory\"; reg = <0xffffffff 0 1 1>; };"
        "memory@3 { device_type = \"memory\"; status = \"disabled\"; reg = <5 0 0 4>; };"
        "memory@4 { device_type = \"memory\"; reg = <5 0 0>; };"));
    REQUIRE(platform.ram_count == 3);
    CHECK(platform.ram[0] == PaRange{Pa{0x1000}, 0x2000});
    CHECK(platform.ram[1] == PaRange{Pa{1ULL << 32}, 2ULL << 32});
    CHECK(platform.ram[2] == PaRange{Pa{3ULL << 32}, 4});
}

TEST_CASE("more memory than can be listed is refused, not forgotten", "[platform]") {
    std::string reg = "<0 0 0 1>";
    for (u32 n = 1; n < Platform::max_ram; ++n) {
        reg += ", <" + std::to_string(n) + " 0 0 1>";
    }
    const auto memory = [](const std::string& list) {
        return root("memory@0 { device_type = \"memory\"; reg = " + list + "; };");
    };
    CHECK(platform_of(memory(reg)).ram_count == Platform::max_ram);
    CHECK_FALSE(read_source(memory(reg + ", <99 0 0 1>")).ok());
}

TEST_CASE("reserved memory: both ways of saying it", "[platform]") {
    const std::string body =
        "/ { #address-cells = <2>; #size-cells = <2>; reserved-memory { #address-cells = <1>;"
        "#size-cells = <1>; ranges; a@70000000 { reg = <0x70000000 0x1000>; no-map; };"
        "pool { size = <0x100000>; }; b@71000000 { reg = <0x71000000 0x10>, <0x72000000 0x20>; };"
        "c@73000000 { status = \"disabled\"; reg = <0x73000000 0x1000>; }; }; };";
    const Platform platform =
        platform_of("/memreserve/ 0x80000000 0x3000;\n/memreserve/ 0x90000000 0x4000;\n" + body);
    REQUIRE(platform.reserved_count == 6);
    CHECK(platform.reserved[0].base == Pa{0x1000});
    CHECK(platform.reserved[1] == PaRange{Pa{0x8000'0000}, 0x3000});
    CHECK(platform.reserved[2] == PaRange{Pa{0x9000'0000}, 0x4000});
    CHECK(platform.reserved[3] == PaRange{Pa{0x7000'0000}, 0x1000});
    CHECK(platform.reserved[4] == PaRange{Pa{0x7100'0000}, 0x10});
    CHECK(platform.reserved[5] == PaRange{Pa{0x7200'0000}, 0x20});
}

TEST_CASE("CPUs: affinity of two cells without RES1, 16 at most, disabled ones left out",
          "[platform]") {
    std::string cpus = "cpus { #address-cells = <2>; #size-cells = <0>;"
                       "cpu-map { cluster0 { }; };"
                       "cpu@0 { device_type = \"cpu\"; reg = <0x1 0x80000203>; };"
                       "cpu@1 { device_type = \"cpu\"; status = \"disabled\"; reg = <0 7>; };";
    for (u32 n = 2; n < 30; ++n) {
        const std::string number = std::to_string(n);
        cpus += "cpu@" + number + " { device_type = \"cpu\"; reg = <0 " + number + ">; };";
    }
    const Platform platform = platform_of(root(cpus + "};"));
    REQUIRE(platform.cpu_count == Platform::max_cpus);
    CHECK(platform.cpus[0].affinity == 0x1'0000'0203);
    CHECK(platform.cpus[0].enable == CpuEnable::none);
    CHECK(platform.cpus[1].affinity == 2);
}

TEST_CASE("pCPUs: the boot CPU first, then those that can be started, 8 at most", "[platform]") {
    const auto cpu = [](const std::string& number, const std::string& method) {
        return "cpu@" + number + " { device_type = \"cpu\"; reg = <0x80000000>, <0x" + number +
               ">; enable-method = " + method + "; };";
    };
    std::string cpus = "cpus { #address-cells = <2>; #size-cells = <0>;";
    for (u32 n = 0; n < 4; ++n) {
        cpus += cpu(std::to_string(n), "\"psci\"");
    }
    cpus += cpu("80000004", "\"brcm,bcm2836-smp\"");
    cpus += cpu("5", "\"spin-table\"; cpu-release-addr = <0x0 0xe0>");
    cpus += cpu("6", "\"spin-table\"; cpu-release-addr = <0x0 0xe4>");      // no double word
    cpus += cpu("7", "\"spin-table\"; cpu-release-addr = <0x1000000 0x0>"); // no descriptor's
    cpus += cpu("8", "\"spin-table\"");
    const auto chosen = [&](const std::string& more, u64 boot) {
        Platform platform = platform_of(root(cpus + more + "};"));
        choose_pcpus(platform, boot);
        std::string affinities;
        for (u32 n = 0; n < platform.pcpu_count; ++n) {
            affinities += (n == 0 ? "" : " ") + std::to_string(platform.pcpus[n].affinity);
        }
        return affinities;
    };
    const auto by = [](const char* method) {
        return "}; psci { compatible = \"arm,psci-1.0\"; method = \"" + std::string{method} +
               "\"; ";
    };
    const std::string psci = by("smc");
    CHECK(chosen("", 0) == "0 5");
    CHECK(chosen(by("hvc"), 0) == "0 5"); // which does not leave EL2
    CHECK(chosen(psci, 2) == "2 0 1 3 5");
    CHECK(chosen(psci, 0x100) == "256 0 1 2 3 5"); // a CPU that the tree does not know
    std::string many;
    for (u32 n = 9; n < 14; ++n) {
        many += cpu(std::to_string(n), "\"psci\"");
    }
    CHECK(chosen(many + psci, 1) == "1 0 2 3 5 9 16 17"); // of 14
}

TEST_CASE("GICv3 with several redistributor regions, a stride and four interrupt cells",
          "[platform]") {
    const Platform platform = platform_of(root(
        gic("compatible = \"arm,gic-v3\"; #interrupt-cells = <4>; #redistributor-regions = <2>;"
            "redistributor-stride = <0 0x40000>; interrupts = <1 9 4 0>;"
            "reg = <0 0x10000 0 0x10000>, <0 0x100000 0 0x80000>, <8 0 0 0x80000>, "
            "<0 0x5000 0 0x1000>;") +
        "timer { compatible = \"arm,armv8-timer\"; interrupt-parent = <1>; interrupts = "
        "<1 13 8 0>, <1 14 8 0>, <1 11 1 0>, <1 10 8 0>; };"));
    CHECK(platform.gic.generation == GicGeneration::v3);
    REQUIRE(platform.gic.gicr_count == 2);
    CHECK(platform.gic.gicr[0] == PaRange{Pa{0x10'0000}, 0x8'0000});
    CHECK(platform.gic.gicr[1] == PaRange{Pa{8ULL << 32}, 0x8'0000});
    CHECK(platform.gic.gicr_stride == 0x4'0000);
    CHECK(platform.gic.maintenance.intid == PIntid{25});
    CHECK(platform.timer.vtimer.intid == PIntid{27});
    CHECK(platform.timer.vtimer.trigger == Trigger::edge);
    CHECK(platform.timer.hyp.trigger == Trigger::level);
}

TEST_CASE("interrupts of another controller than the GIC are not taken for its own", "[platform]") {
    const Platform platform = platform_of(
        root("interrupt-parent = <1>;" + gicv2 +
             "other { phandle = <2>; interrupt-controller; #interrupt-cells = <1>; };"
             "timer { compatible = \"arm,armv8-timer\"; interrupt-parent = <2>; interrupts = "
             "<1 13 4>, <1 14 4>, <1 11 4>; };" +
             uart("uart@9000", "reg = <0 0x9000 0 0x1000>; interrupts = <0 988 4>;")));
    CHECK(platform.gic.present);
    CHECK_FALSE(platform.timer.vtimer.present);
    CHECK_FALSE(platform.gic.maintenance.present);
    CHECK_FALSE(platform.uart.interrupt.present); // there is no SPI 988
}

TEST_CASE("interrupt flags and numbers", "[platform]") {
    const auto interrupt = [](const std::string& cells) {
        return platform_of(root("interrupt-parent = <1>;" + gicv2 +
                                uart("uart@9000",
                                     "reg = <0 0x9000 0 0x1000>; interrupts = <" + cells + ">;")))
            .uart.interrupt;
    };
    CHECK(interrupt("0 5 1").trigger == Trigger::edge);
    CHECK(interrupt("0 5 2").trigger == Trigger::edge);
    CHECK(interrupt("0 5 4").trigger == Trigger::level);
    CHECK(interrupt("1 5 0xf08").trigger == Trigger::level);
    CHECK(interrupt("0 987 4").intid == PIntid{1019});
    CHECK(interrupt("1 15 4").intid == PIntid{31});
    CHECK_FALSE(interrupt("1 16 4").present);
    CHECK_FALSE(interrupt("2 1 4").present); // extended SPI
    CHECK_FALSE(interrupt("0 5").present);
}

TEST_CASE("a GIC without CPU interface or redistributor is none", "[platform]") {
    CHECK_FALSE(
        platform_of(root(gic("compatible = \"arm,gic-v3\"; reg = <0 0 0 0x10000>;"))).gic.present);
    CHECK_FALSE(
        platform_of(root(gic("compatible = \"arm,gic-400\"; reg = <0 0 0 0x1000>;"))).gic.present);
}

TEST_CASE("stdout-path: by path, by alias, without unit address, or nowhere", "[platform]") {
    const std::string ports = uart("uart@a000", "reg = <0 0xa000 0 0x1000>;") +
                              uart("uart@b000", "reg = <0 0xb000 0 0x1000>;") +
                              uart("port@c000", "reg = <0 0xc000 0 0x1000>;") +
                              uart("uart@d000", "reg = <0 0xd000 0 0x1000>;"
                                                "status = \"disabled\";") +
                              "serial@e000 { compatible = \"ns16550a\"; "
                              "reg = <0 0xe000 0 0x1000>; };"
                              "aliases { serial0 = \"/uart@b000\"; serial7 = \"/uart@d000\"; };";
    const auto base = [&](const std::string& path) {
        return platform_of(root(ports + "chosen { " + path + " };")).uart.frame.base.value();
    };
    CHECK(base("") == 0xa000);
    CHECK(base("stdout-path = \"/uart@b000\";") == 0xb000);
    CHECK(base("stdout-path = \"/uart@b000:115200\";") == 0xb000);
    CHECK(base("stdout-path = \"serial0\";") == 0xb000);
    CHECK(base("stdout-path = \"serial0:115200n8\";") == 0xb000);
    CHECK(base("stdout-path = \"/port\";") == 0xc000);
    CHECK(base("stdout-path = \"/serial@e000\";") == 0xe000);
    CHECK(base("stdout-path = \"serial7\";") == 0xa000);
    CHECK(base("stdout-path = \"serial1\";") == 0xa000);
    CHECK(base("stdout-path = \"/uart@b00\";") == 0xa000);
    CHECK(base("stdout-path = \"/uart@b000/x\";") == 0xa000);
    CHECK(base("stdout-path = \"\";") == 0xa000);
    CHECK(base("stdout-path = [2f 75];") == 0xa000);
}

TEST_CASE("buses: nested translation, identity, and no way out", "[platform]") {
    const auto frame = [](const std::string& outer, const std::string& inner) {
        return platform_of(root("soc { #address-cells = <1>; #size-cells = <1>; " + outer +
                                " bus { #address-cells = <1>; #size-cells = <1>; " + inner +
                                uart("uart@100", "reg = <0x100 0x100>;") + "}; };"))
            .uart.frame;
    };
    const std::string to_cpu = "ranges = <0x1000 0x4 0x50000000 0x1000>;";
    CHECK(frame(to_cpu, "ranges = <0x0 0x1200 0x400>;").base == Pa{0x4'5000'0300});
    CHECK(frame("ranges;", "ranges;").base == Pa{0x100});
    CHECK(frame("ranges;", "ranges = <0x0 0x1200 0x150>;").size == 0); // half of it outside
    CHECK(frame("ranges;", "").size == 0);
    CHECK(frame("", "ranges;").size == 0);
    CHECK(frame("ranges = <0 0xffffffff 0xffffff80 0x1000>;", "ranges;").size == 0); // wraps
}

TEST_CASE("a disabled bus disables what is on it", "[platform]") {
    const Platform platform =
        platform_of(root("soc { #address-cells = <1>; #size-cells = <1>; ranges; "
                         "status = \"disabled\"; " +
                         uart("uart@100", "reg = <0x100 0x100>;") + "};"));
    CHECK(platform.uart.kind == UartKind::none);
}

TEST_CASE("psci: the conduit is what method says", "[platform]") {
    const auto conduit = [](const std::string& text) {
        return platform_of(root("psci { " + text + " };")).conduit;
    };
    CHECK(conduit("compatible = \"arm,psci-1.0\"; method = \"hvc\";") == Conduit::hvc);
    CHECK(conduit("compatible = \"arm,psci\"; method = \"smc\";") == Conduit::smc);
    CHECK(conduit("compatible = \"arm,psci-0.2\"; method = \"bell\";") == Conduit::none);
    CHECK(conduit("method = \"smc\";") == Conduit::none);
}
