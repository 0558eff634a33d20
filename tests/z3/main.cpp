// SPDX-License-Identifier: Apache-2.0
// Proves claims for all inputs. A claim is a function `extern "C" bool claim_NAME(integers...)` of
// tests/z3/claims_*.cpp, written with the product's own code on one side and with words of its own
// on the other. What the compiler makes of it is read back as a formula, and z3 looks for arguments
// with which it is false or runs into undefined behaviour (a trap of the sanitizer); none exist, or
// they are printed. A function false_claim_NAME must not be proven.
//
// Usage: prove FILE.ll...  The last line is `N passed, N failed`.
#include "tests/z3/evaluate.hpp"
#include "tests/z3/operations.hpp"

#include <chrono>
#include <cstdio>
#include <stdexcept>

namespace {

using namespace proof;

constexpr const char* prefix = "@claim_";
constexpr const char* false_prefix = "@false_claim_";
constexpr unsigned time_limit_ms = 60'000;

[[nodiscard]] std::string title(const std::string& name, const std::string& before) {
    std::string text = name.substr(before.size());
    for (char& c : text) {
        c = c == '_' ? ' ' : c;
    }
    return text;
}

struct Counts {
    unsigned good = 0;
    unsigned bad = 0;
};

// "" when proven, else why not.
[[nodiscard]] std::string refute(const Module& module, const Function& function) {
    z3::context context;
    std::vector<z3::expr> arguments;
    for (const Parameter& parameter : function.parameters) {
        const std::string name = "argument " + std::to_string(arguments.size() + 1);
        arguments.push_back(context.bv_const(name.c_str(), width_of(parameter.type)));
    }
    std::vector<z3::expr> traps;
    const z3::expr holds =
        Evaluation{module, function, arguments, context.bool_val(true), traps}.result();
    z3::expr wrong = holds == context.bv_val(0, 1);
    for (const z3::expr& trap : traps) {
        wrong = wrong || trap;
    }
    // As circuits, with equal parts shared: sums on both sides of an equation are then often one.
    z3::solver solver =
        (z3::tactic{context, "simplify"} & z3::tactic{context, "solve-eqs"} &
         z3::tactic{context, "bit-blast"} & z3::tactic{context, "aig"} & z3::tactic{context, "sat"})
            .mk_solver();
    solver.set("timeout", time_limit_ms);
    solver.add(wrong);
    switch (solver.check()) {
    case z3::unsat: return "";
    case z3::unknown: return "z3 came to no end";
    case z3::sat: break;
    }
    std::string text = "false for";
    for (const z3::expr& argument : arguments) {
        const z3::expr value = solver.get_model().eval(argument, true);
        char digits[24];
        std::snprintf(digits, sizeof digits, " 0x%llx",
                      static_cast<unsigned long long>(value.get_numeral_uint64()));
        text += digits;
    }
    return text;
}

[[nodiscard]] std::string fault_of(const Module& module, const Function& function) {
    try {
        return refute(module, function);
    } catch (const z3::exception& error) {
        return error.msg();
    } catch (const std::exception& error) {
        return error.what();
    }
}

// A claim, or one that must be refuted; nothing for other functions.
void judge(const Module& module, const std::string& name, const Function& function,
           Counts& counts) {
    const bool wanted = name.starts_with(prefix);
    if (!wanted && !name.starts_with(false_prefix)) {
        return;
    }
    const auto begin = std::chrono::steady_clock::now();
    const std::string fault = fault_of(module, function);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    const bool good = fault.empty() == wanted;
    const char* verdict = !good ? "FAILED" : wanted ? "proven" : "refuted";
    std::printf("%s %s%s%s (%.2f s)\n", verdict,
                title(name, wanted ? prefix : false_prefix).c_str(), fault.empty() ? "" : ": ",
                fault.c_str(), took.count());
    ++(good ? counts.good : counts.bad);
}

} // namespace

int main(int count, char** words) {
    Counts counts;
    for (int n = 1; n < count; ++n) {
        try {
            const Module module = read_module(words[n]);
            for (const auto& [name, function] : module) {
                judge(module, name, function, counts);
            }
        } catch (const std::exception& error) {
            std::printf("%s: %s\n", words[n], error.what());
            ++counts.bad;
        }
    }
    std::printf("%u passed, %u failed\n", counts.good, counts.bad);
    return counts.bad != 0 || counts.good == 0 ? 1 : 0;
}
