// SPDX-License-Identifier: Apache-2.0
// The blocks of DTSpec's version 17: header, an empty list of memory reservations, structure, and
// the names of properties behind a gap of zeroes. No name is looked for to be written only once.
#include "hyp/core/tree/tree_writer.hpp"

#include <libfdt.h>

#include <cstring>

namespace hyp {

namespace {

constexpr u32 reservations = sizeof(fdt_header);
constexpr u32 structure = reservations + sizeof(fdt_reserve_entry);

[[nodiscard]] constexpr u32 big_endian(u64 value) {
    return __builtin_bswap32(static_cast<u32>(value));
}

[[nodiscard]] usize size_of(const u8* begin, const u8* end) {
    return static_cast<usize>(end - begin);
}

} // namespace

TreeWriter::TreeWriter(void* buffer, usize size, usize names_size)
    : buffer_{static_cast<u8*>(buffer)},
      at_{buffer_ + structure},
      names_{buffer_ + (size < names_size ? 0 : size - names_size)},
      names_at_{names_},
      names_end_{buffer_ + size},
      fits_{size >= names_size && size - names_size >= structure} {
    if (fits_) {
        std::memset(buffer, 0, size);
    }
}

// Followed by zeroes up to the next multiple of 4: they are there already.
void TreeWriter::put(const void* bytes, usize length) {
    const usize padded = (length + 3) & ~usize{3};
    fits_ = fits_ && padded <= size_of(at_, names_);
    if (fits_) {
        std::memcpy(at_, bytes, length);
        at_ += padded;
    }
}

void TreeWriter::begin_node(const char* name) {
    put_tag(big_endian(FDT_BEGIN_NODE));
    put(name, std::strlen(name) + 1);
}

void TreeWriter::property(const char* name, const void* value, usize length) {
    const u32 head[] = {big_endian(FDT_PROP), big_endian(length),
                        big_endian(size_of(names_, names_at_))};
    const usize name_size = std::strlen(name) + 1;
    put(head, sizeof head);
    put(value, length);
    fits_ = fits_ && name_size <= size_of(names_at_, names_end_);
    if (fits_) {
        std::memcpy(names_at_, name, name_size);
        names_at_ += name_size;
    }
}

void TreeWriter::end_node() {
    put_tag(big_endian(FDT_END_NODE));
}

usize TreeWriter::finish() {
    put_tag(big_endian(FDT_END));
    if (!fits_) {
        return 0;
    }
    const usize size = size_of(buffer_, names_at_);
    constexpr u32 version = 17;
    constexpr u32 compatible_version = 16;
    const fdt_header header{.magic = big_endian(FDT_MAGIC),
                            .totalsize = big_endian(size),
                            .off_dt_struct = big_endian(structure),
                            .off_dt_strings = big_endian(size_of(buffer_, names_)),
                            .off_mem_rsvmap = big_endian(reservations),
                            .version = big_endian(version),
                            .last_comp_version = big_endian(compatible_version),
                            .boot_cpuid_phys = 0,
                            .size_dt_strings = big_endian(size_of(names_, names_at_)),
                            .size_dt_struct = big_endian(size_of(buffer_ + structure, at_))};
    std::memcpy(buffer_, &header, sizeof header);
    return size;
}

} // namespace hyp
