// SPDX-License-Identifier: Apache-2.0
// Functions of a file of LLVM's textual form, cut into words, as far as pure integer code needs it:
// what clang makes of tests/z3/claims_*.cpp.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace proof {

// `words`: the operation, then operands and types in their order, without punctuation and flags:
// "%5 = select i1 %4, i32 %1, i32 0" is {select, i1, %4, i32, %1, i32, 0} with result "%5".
struct Instruction {
    std::string result; // "" when there is none
    std::vector<std::string> words;
};

struct Block {
    std::string name; // "%7"
    std::vector<Instruction> code;
};

struct Parameter {
    std::string type; // "i32"
    std::string name; // "%0"
};

struct Function {
    std::string type;
    std::vector<Parameter> parameters;
    std::vector<Block> blocks; // the first is where it begins
};

// By name, as "@claim_x".
using Module = std::map<std::string, Function>;

// Reads a file; throws std::runtime_error when it cannot be read.
[[nodiscard]] Module read_module(const std::string& path);

} // namespace proof
