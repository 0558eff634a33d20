// SPDX-License-Identifier: Apache-2.0
// What single operations of LLVM mean, as formulas over bit vectors (LLVM Language Reference,
// version 14). Each throws std::runtime_error for an operation that it does not know.
#pragma once

#include <string>
#include <vector>
#include <z3++.h>

namespace proof {

// Bits of "i32".
[[nodiscard]] unsigned width_of(const std::string& type);

// A condition as i1, and back.
[[nodiscard]] z3::expr as_bit(const z3::expr& truth);
[[nodiscard]] z3::expr is_set(const z3::expr& bit);

// A decimal number of any width.
[[nodiscard]] z3::expr number(z3::context& context, const std::string& digits, unsigned width);

// "add", "lshr", ...
[[nodiscard]] z3::expr arithmetic(const std::string& operation, const z3::expr& a,
                                  const z3::expr& b);
// "ult", "eq", ...: a condition.
[[nodiscard]] z3::expr compared(const std::string& how, const z3::expr& a, const z3::expr& b);
// "@llvm.umin.i32", ...
[[nodiscard]] z3::expr intrinsic(const std::string& name, const std::vector<z3::expr>& arguments);

} // namespace proof
