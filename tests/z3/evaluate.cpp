// SPDX-License-Identifier: Apache-2.0
// LLVM Language Reference, version 14: what each instruction means. Results that it calls poison or
// undefined are taken as anything, so what is proven does not lean on them.
#include "tests/z3/evaluate.hpp"

#include "tests/z3/operations.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace proof {

using z3::expr;

namespace {

[[nodiscard]] bool is_trap(const Instruction& code) {
    return code.words[0] == "call" && code.words[2].find("trap") != std::string::npos;
}

} // namespace

Evaluation::Evaluation(const Module& module, const Function& function, std::vector<expr> arguments,
                       const expr& path, std::vector<expr>& traps)
    : context_{path.ctx()}, module_{module}, function_{function}, path_{path}, traps_{traps} {
    for (std::size_t n = 0; n < arguments.size(); ++n) {
        values_.emplace(function.parameters[n].name, arguments[n]);
    }
    for (const Block& block : function.blocks) {
        for (const Instruction& code : block.code) {
            if (!code.result.empty()) {
                defined_.emplace(code.result, std::pair{&code, &block});
            }
        }
    }
}

const Block& Evaluation::block(const std::string& name) const {
    for (const Block& block : function_.blocks) {
        if (block.name == name) {
            return block;
        }
    }
    throw std::runtime_error{"no block " + name};
}

// The condition under which control gets to a block.
expr Evaluation::reached(const std::string& name) {
    if (name == function_.blocks.front().name) {
        return path_;
    }
    const auto known = reached_.find(name);
    if (known != reached_.end()) {
        return known->second;
    }
    if (std::exchange(under_way_[name], true)) {
        throw std::runtime_error{"a loop is left"};
    }
    expr any = context_.bool_val(false);
    for (const Block& from : function_.blocks) {
        const Words& last = from.code.back().words;
        if (std::find(last.begin(), last.end(), name) != last.end()) {
            any = any || (reached(from.name) && taken(from, name));
        }
    }
    return reached_.emplace(name, any.simplify()).first->second;
}

// The condition under which a block's last instruction goes to `to`.
expr Evaluation::taken(const Block& from, const std::string& to) {
    const Words& last = from.code.back().words;
    if (last[0] == "br" && last[1] == "label") { // br label TO
        return context_.bool_val(true);
    }
    const expr on = value(last[1], last[2]);
    if (last[0] == "br") { // br i1 ON label YES label NO
        return (context_.bool_val(last[4] == to) && is_set(on)) ||
               (context_.bool_val(last[6] == to) && !is_set(on));
    }
    // switch TYPE ON label OTHERWISE, then TYPE VALUE label CASE each
    expr goes = context_.bool_val(false);
    expr other = context_.bool_val(true);
    for (std::size_t n = 5; n + 3 < last.size(); n += 4) {
        const expr here = on == value(last[n], last[n + 1]);
        goes = goes || (context_.bool_val(last[n + 3] == to) && here);
        other = other && !here;
    }
    return goes || (context_.bool_val(last[4] == to) && other);
}

expr Evaluation::value(const std::string& type, const std::string& name) {
    const auto known = values_.find(name);
    if (known != values_.end()) {
        return known->second;
    }
    const unsigned width = width_of(type);
    if (name == "undef" || name == "poison") {
        return expr{context_, Z3_mk_fresh_const(context_, name.c_str(), context_.bv_sort(width))};
    }
    if (name == "true" || name == "false") {
        return context_.bv_val(name == "true" ? 1 : 0, 1);
    }
    if (name[0] != '%') {
        return number(context_, name, width);
    }
    const auto definition = defined_.find(name);
    if (definition == defined_.end() || std::exchange(under_way_[name], true)) {
        throw std::runtime_error{"a loop is left"};
    }
    const auto [code, where] = definition->second;
    return values_.emplace(name, compute(*code, *where).simplify()).first->second;
}

expr Evaluation::compute(const Instruction& code, const Block& where) {
    const Words& words = code.words;
    const std::string& operation = words[0];
    if (operation == "icmp") {
        return as_bit(compared(words[1], value(words[2], words[3]), value(words[2], words[4])));
    }
    if (operation == "select") {
        return ite(is_set(value(words[1], words[2])), value(words[3], words[4]),
                   value(words[5], words[6]));
    }
    if (operation == "zext" || operation == "sext") {
        const unsigned more = width_of(words[4]) - width_of(words[1]);
        const expr narrow = value(words[1], words[2]);
        return operation == "zext" ? zext(narrow, more) : sext(narrow, more);
    }
    if (operation == "trunc") {
        return value(words[1], words[2]).extract(width_of(words[4]) - 1, 0);
    }
    if (operation == "freeze") {
        return value(words[1], words[2]);
    }
    if (operation == "phi") {
        return phi(words, where);
    }
    if (operation == "call") {
        return call(words, where);
    }
    if (operation == "extractvalue") {
        return extract(words);
    }
    return arithmetic(operation, value(words[1], words[2]), value(words[1], words[3]));
}

// phi TYPE, then VALUE FROM each
expr Evaluation::phi(const Words& words, const Block& where) {
    expr result = value(words[1], words[2]);
    for (std::size_t n = 4; n + 1 < words.size(); n += 2) {
        const expr from_here = reached(words[n + 1]) && taken(block(words[n + 1]), where.name);
        result = ite(from_here, value(words[1], words[n]), result);
    }
    return result;
}

// call TYPE @NAME, then TYPE VALUE each
expr Evaluation::call(const Words& words, const Block& where) {
    std::vector<expr> arguments;
    for (std::size_t n = 3; n + 1 < words.size(); n += 2) {
        arguments.push_back(value(words[n], words[n + 1]));
    }
    const std::string& name = words[2];
    const auto defined = module_.find(name);
    if (defined != module_.end()) {
        return Evaluation{module_, defined->second, arguments, reached(where.name), traps_}
            .result();
    }
    return intrinsic(name, arguments);
}

// extractvalue TYPE i1 %PAIR INDEX: of an addition, subtraction or multiplication with overflow
expr Evaluation::extract(const Words& words) {
    return overflow(defined_.at(words[3]).first->words, words[4] == "1");
}

// call TYPE i1 @llvm.uadd.with.overflow.TYPE TYPE A TYPE B: the number, or whether it overflowed
expr Evaluation::overflow(const Words& words, bool flag) {
    const expr a = value(words[4], words[5]);
    const expr b = value(words[6], words[7]);
    const std::string operation = words[3].substr(7, 3); // "@llvm.sadd"
    const bool is_signed = words[3][6] == 's';
    if (!flag) {
        return arithmetic(operation, a, b);
    }
    const unsigned width = a.get_sort().bv_size();
    const auto widened = [&](const expr& e) { return is_signed ? sext(e, width) : zext(e, width); };
    const expr narrow = widened(arithmetic(operation, a, b));
    return as_bit(narrow != arithmetic(operation, widened(a), widened(b)));
}

void Evaluation::find_traps() {
    for (const Block& block : function_.blocks) {
        for (const Instruction& code : block.code) {
            if (is_trap(code)) {
                traps_.push_back(reached(block.name));
            } else if (code.words[0] == "call" && !code.result.empty() && code.words[2][0] == '@') {
                static_cast<void>(value(code.words[1], code.result));
            }
        }
    }
}

expr Evaluation::result() {
    find_traps();
    expr result = context_.bv_val(0, width_of(function_.type));
    for (const Block& block : function_.blocks) {
        const Words& last = block.code.back().words;
        if (last[0] == "ret") {
            result = ite(reached(block.name), value(last[1], last[2]), result);
        }
    }
    return result;
}

} // namespace proof
