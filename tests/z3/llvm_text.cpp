// SPDX-License-Identifier: Apache-2.0
#include "tests/z3/llvm_text.hpp"

#include <algorithm>
#include <fstream>
#include <stdexcept>
#include <string_view>

namespace proof {

namespace {

using Words = std::vector<std::string>;

// Promises and hints: what is claimed is shown without them.
[[nodiscard]] bool is_flag(const std::string& word) {
    constexpr std::string_view flags[] = {"nuw",     "nsw",       "exact",   "noundef",
                                          "zeroext", "signext",   "tail",    "musttail",
                                          "notail",  "dso_local", "inbounds"};
    return word[0] == '#' || std::find(std::begin(flags), std::end(flags), word) != std::end(flags);
}

[[nodiscard]] Words words_of(const std::string& line) {
    const std::string text = line.substr(0, std::min(line.find(" !"), line.find(';')));
    Words words;
    std::string word;
    for (const char c : text + ' ') {
        if (std::string_view{" ,()[]{}\t"}.find(c) == std::string_view::npos) {
            word += c;
        } else if (!word.empty()) {
            if (!is_flag(word)) {
                words.push_back(word);
            }
            word.clear();
        }
    }
    return words;
}

// "define TYPE @NAME TYPE %0 TYPE %1 ...": an integer's type and its name always come in pairs.
[[nodiscard]] Function header(const Words& words, std::string& name) {
    const auto at = std::find_if(words.begin(), words.end(),
                                 [](const std::string& word) { return word[0] == '@'; });
    Function function;
    name = *at;
    function.type = *(at - 1);
    for (auto next = at + 1; next + 1 < words.end() && (next + 1)->front() == '%'; next += 2) {
        function.parameters.push_back({*next, *(next + 1)});
    }
    // Values and blocks share one numbering, in which the first block comes after the parameters.
    function.blocks.push_back({"%" + std::to_string(function.parameters.size()), {}});
    return function;
}

[[nodiscard]] Instruction instruction(Words words) {
    Instruction made;
    if (words.size() > 2 && words[1] == "=") {
        made.result = words[0];
        words.erase(words.begin(), words.begin() + 2);
    }
    made.words = std::move(words);
    return made;
}

[[nodiscard]] bool is_label(const std::string& line) {
    return !line.empty() && line[0] != ' ' && line.find(':') != std::string::npos;
}

} // namespace

Module read_module(const std::string& path) {
    std::ifstream file{path};
    if (!file) {
        throw std::runtime_error{"cannot read " + path};
    }
    Module module;
    Function function;
    std::string name;
    for (std::string line; std::getline(file, line);) {
        if (line.starts_with("define")) {
            function = header(words_of(line), name);
        } else if (line.starts_with("}")) {
            module[name] = std::move(function);
            name.clear();
        } else if (!name.empty() && is_label(line)) {
            function.blocks.push_back({"%" + line.substr(0, line.find(':')), {}});
        } else if (!name.empty() && !line.empty()) {
            // A switch lists its cases on lines of their own.
            while (line.find('[') != std::string::npos && line.find(']') == std::string::npos) {
                std::string more;
                std::getline(file, more);
                line += more;
            }
            function.blocks.back().code.push_back(instruction(words_of(line)));
        }
    }
    return module;
}

} // namespace proof
