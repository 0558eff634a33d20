// SPDX-License-Identifier: Apache-2.0
#include "scripts/pack/bytes.hpp"

#include "scripts/pack/pack_error.hpp"

#include <filesystem>
#include <fstream>

namespace pack {

using hyp::u64;
using hyp::u8;
using hyp::usize;

Bytes read_file(const std::string& where, const std::string& path) {
    std::error_code error;
    if (!std::filesystem::exists(path, error)) {
        throw PackError{where, "the file " + path + " does not exist"};
    }
    if (!std::filesystem::is_regular_file(path, error)) {
        throw PackError{where, path + " is not a file"};
    }
    std::ifstream file{path, std::ios::binary};
    Bytes bytes(std::filesystem::file_size(path, error));
    file.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    if (!file) {
        throw PackError{where, "the file " + path + " cannot be read"};
    }
    return bytes;
}

void write_file(const std::string& path, const std::vector<const Bytes*>& parts) {
    std::ofstream file{path, std::ios::binary | std::ios::trunc};
    for (const Bytes* part : parts) {
        file.write(reinterpret_cast<const char*>(part->data()),
                   static_cast<std::streamsize>(part->size()));
    }
    file.close();
    if (!file) {
        throw PackError{path, "this file cannot be written"};
    }
}

u64 get_le(const Bytes& bytes, usize offset, usize size) {
    u64 value = 0;
    for (usize i = size; i != 0; --i) {
        value = value << 8 | bytes[offset + i - 1];
    }
    return value;
}

void put_le(Bytes& bytes, usize offset, usize size, u64 value) {
    for (usize i = 0; i < size; ++i) {
        bytes[offset + i] = static_cast<u8>(value >> (8 * i));
    }
}

} // namespace pack
