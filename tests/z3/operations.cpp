// SPDX-License-Identifier: Apache-2.0
#include "tests/z3/operations.hpp"

#include <span>
#include <stdexcept>

namespace proof {

using z3::expr;

namespace {

[[nodiscard]] expr bytes_swapped(const expr& word) {
    expr swapped = word.extract(7, 0);
    for (unsigned lsb = 8; lsb < word.get_sort().bv_size(); lsb += 8) {
        swapped = concat(swapped, word.extract(lsb + 7, lsb));
    }
    return swapped;
}

// Two words as one, shifted as a whole: the upper half to the left, the lower to the right.
[[nodiscard]] expr funnel(bool left, const std::vector<expr>& arguments) {
    const unsigned width = arguments.at(0).get_sort().bv_size();
    const expr by = urem(arguments.at(2), arguments[0].ctx().bv_val(width, width));
    const expr both = concat(arguments[0], arguments.at(1));
    const expr wide = zext(by, width);
    return left ? shl(both, wide).extract(2 * width - 1, width)
                : lshr(both, wide).extract(width - 1, 0);
}

struct Operation {
    const char* name;
    expr (*make)(const expr&, const expr&);
};

[[nodiscard]] expr apply(std::span<const Operation> known, const std::string& name, const expr& a,
                         const expr& b) {
    for (const Operation& operation : known) {
        if (name == operation.name) {
            return operation.make(a, b);
        }
    }
    throw std::runtime_error{"no formula for " + name};
}

} // namespace

unsigned width_of(const std::string& type) {
    if (type.size() < 2 || type[0] != 'i' || type.find_first_not_of("0123456789", 1) != type.npos) {
        throw std::runtime_error{"no formula for the type " + type};
    }
    return static_cast<unsigned>(std::stoul(type.substr(1)));
}

expr as_bit(const expr& truth) {
    z3::context& c = truth.ctx();
    return ite(truth, c.bv_val(1, 1), c.bv_val(0, 1));
}
expr is_set(const expr& bit) {
    return bit == bit.ctx().bv_val(1, 1);
}

expr number(z3::context& context, const std::string& digits, unsigned width) {
    return digits[0] == '-' ? -context.bv_val(digits.c_str() + 1, width)
                            : context.bv_val(digits.c_str(), width);
}

expr arithmetic(const std::string& operation, const expr& a, const expr& b) {
    constexpr Operation known[] = {
        {"add", [](const expr& x, const expr& y) { return x + y; }},
        {"sub", [](const expr& x, const expr& y) { return x - y; }},
        {"mul", [](const expr& x, const expr& y) { return x * y; }},
        {"and", [](const expr& x, const expr& y) { return x & y; }},
        {"or", [](const expr& x, const expr& y) { return x | y; }},
        {"xor", [](const expr& x, const expr& y) { return x ^ y; }},
        {"shl", [](const expr& x, const expr& y) { return z3::shl(x, y); }},
        {"lshr", [](const expr& x, const expr& y) { return z3::lshr(x, y); }},
        {"ashr", [](const expr& x, const expr& y) { return z3::ashr(x, y); }},
        {"udiv", [](const expr& x, const expr& y) { return z3::udiv(x, y); }},
        {"urem", [](const expr& x, const expr& y) { return z3::urem(x, y); }},
    };
    return apply(known, operation, a, b);
}

expr compared(const std::string& how, const expr& a, const expr& b) {
    constexpr Operation known[] = {
        {"eq", [](const expr& x, const expr& y) { return x == y; }},
        {"ne", [](const expr& x, const expr& y) { return x != y; }},
        {"ult", [](const expr& x, const expr& y) { return z3::ult(x, y); }},
        {"ule", [](const expr& x, const expr& y) { return z3::ule(x, y); }},
        {"ugt", [](const expr& x, const expr& y) { return z3::ugt(x, y); }},
        {"uge", [](const expr& x, const expr& y) { return z3::uge(x, y); }},
        {"slt", [](const expr& x, const expr& y) { return x < y; }},
        {"sle", [](const expr& x, const expr& y) { return x <= y; }},
        {"sgt", [](const expr& x, const expr& y) { return x > y; }},
        {"sge", [](const expr& x, const expr& y) { return x >= y; }},
    };
    return apply(known, how, a, b);
}

expr intrinsic(const std::string& name, const std::vector<expr>& arguments) {
    constexpr Operation known[] = {
        {"umin", [](const expr& x, const expr& y) { return ite(z3::ult(x, y), x, y); }},
        {"umax", [](const expr& x, const expr& y) { return ite(z3::ult(x, y), y, x); }},
        {"smin", [](const expr& x, const expr& y) { return ite(x < y, x, y); }},
        {"smax", [](const expr& x, const expr& y) { return ite(x < y, y, x); }},
        {"uadd.sat",
         [](const expr& x, const expr& y) { return ite(z3::ult(x + y, x), ~(x ^ x), x + y); }},
        {"usub.sat", [](const expr& x, const expr& y) { return ite(z3::ult(x, y), x ^ x, x - y); }},
    };
    // "@llvm.umin.i32"
    const std::string which = name.substr(6, name.rfind('.') - 6);
    if (which == "bswap") {
        return bytes_swapped(arguments.at(0));
    }
    if (which == "fshl" || which == "fshr") {
        return funnel(which == "fshl", arguments);
    }
    return apply(known, which, arguments.at(0), arguments.at(1));
}

} // namespace proof
