// SPDX-License-Identifier: Apache-2.0
// Cutting a line into words, without a heap and without exceptions.

#include "bootargs.hpp"

namespace guest {
namespace {

/** Takes the first word off `text`; words end at `separator`. */
std::string_view take_word(std::string_view& text, char separator) {
    std::size_t length = 0;
    while (length < text.size() && text[length] != separator) {
        ++length;
    }
    const std::string_view word{text.data(), length};
    text.remove_prefix(length < text.size() ? length + 1 : length);
    return word;
}

} // namespace

std::string_view BootArgs::value(std::string_view key, std::string_view fallback) const {
    std::string_view rest = text_;
    while (!rest.empty()) {
        std::string_view word = take_word(rest, ' ');
        if (word.size() > key.size() && word[key.size()] == '=' && word.starts_with(key)) {
            word.remove_prefix(key.size() + 1);
            return word;
        }
    }
    return fallback;
}

std::uint64_t BootArgs::number(std::string_view key, std::uint64_t fallback) const {
    const std::string_view digits = value(key, {});
    std::uint64_t result = 0;
    for (const char c : digits) {
        if (c < '0' || c > '9') {
            return fallback;
        }
        result = result * 10 + static_cast<std::uint64_t>(c - '0');
    }
    return digits.empty() ? fallback : result;
}

bool BootArgs::has(std::string_view word) const {
    std::string_view rest = text_;
    while (!rest.empty()) {
        if (take_word(rest, ' ') == word) {
            return true;
        }
    }
    return false;
}

bool lists(std::string_view list, std::string_view word) {
    while (!list.empty()) {
        if (take_word(list, ',') == word) {
            return true;
        }
    }
    return false;
}

} // namespace guest
