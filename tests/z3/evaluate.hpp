// SPDX-License-Identifier: Apache-2.0
// A function of a Module as a formula: its result, and whether it can get to a trap, for arguments
// that stand for every value at once. Loops that the compiler has not unrolled, memory and floating
// point have no formula; whoever meets them throws.
#pragma once

#include "tests/z3/llvm_text.hpp"

#include <z3++.h>

namespace proof {

class Evaluation {
public:
    // Of a function with these arguments (bit vectors), reached under the condition `path`.
    // References must outlive it. Traps are appended to `traps`.
    Evaluation(const Module& module, const Function& function, std::vector<z3::expr> arguments,
               const z3::expr& path, std::vector<z3::expr>& traps);

    // A bit vector. Also finds all traps.
    [[nodiscard]] z3::expr result();

private:
    using Words = std::vector<std::string>;

    [[nodiscard]] const Block& block(const std::string& name) const;
    [[nodiscard]] z3::expr reached(const std::string& name);
    [[nodiscard]] z3::expr taken(const Block& from, const std::string& to);
    [[nodiscard]] z3::expr value(const std::string& type, const std::string& name);
    [[nodiscard]] z3::expr compute(const Instruction& code, const Block& where);
    [[nodiscard]] z3::expr phi(const Words& words, const Block& where);
    [[nodiscard]] z3::expr call(const Words& words, const Block& where);
    [[nodiscard]] z3::expr overflow(const Words& words, bool flag);
    [[nodiscard]] z3::expr extract(const Words& words);
    void find_traps();

    z3::context& context_;
    const Module& module_;
    const Function& function_;
    z3::expr path_;
    std::vector<z3::expr>& traps_;
    std::map<std::string, z3::expr> values_;
    std::map<std::string, z3::expr> reached_;
    std::map<std::string, std::pair<const Instruction*, const Block*>> defined_;
    std::map<std::string, bool> under_way_;
};

} // namespace proof
