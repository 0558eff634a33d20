// SPDX-License-Identifier: Apache-2.0
// Why nothing was packed: one sentence, beginning with the node or file it is about.
#pragma once

#include <stdexcept>
#include <string>

namespace pack {

class PackError : public std::runtime_error {
public:
    PackError(const std::string& where, const std::string& reason)
        : std::runtime_error{where.empty() ? reason : where + ": " + reason} {}
};

} // namespace pack
