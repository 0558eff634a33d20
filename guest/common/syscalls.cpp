// SPDX-License-Identifier: Apache-2.0
// What newlib needs from below to make printf() work: output to the console and a small fixed
// heap. There are no files, no processes and no input.

#include "console.hpp"

#include <cassert>
#include <cstddef>
#include <sys/stat.h>

// <cerrno> is left alone: newlib's errno is behind a function, and nobody here reads it.
extern "C" {

int _write(int file, const char* text, int length);
int _read(int file, char* text, int length);
int _close(int file);
int _lseek(int file, int offset, int whence);
int _fstat(int file, struct stat* status);
int _isatty(int file);
void* _sbrk(std::ptrdiff_t bytes);
[[noreturn]] void _exit(int status);
int _kill(int process, int signal);
int _getpid(void);
[[noreturn]] void __stack_chk_fail(void);

extern char heap_start[];
extern char heap_end[];

/** Debian's libfdt.a is built with the stack protector. Any value does. */
extern const std::uintptr_t __stack_chk_guard;
const std::uintptr_t __stack_chk_guard = 0x00a5c3967e1b4d20;

void __stack_chk_fail(void) {
    __builtin_trap(); // BRK: vectors.S reports it
}

/** newlib's own one would bring a second printf. */
void __assert_func(const char*, int, const char*, const char*) {
    __builtin_trap();
}

int _write(int, const char* text, int length) {
    for (int i = 0; i < length; ++i) {
        guest::write_console(text[i]);
    }
    return length;
}

int _read(int, char*, int) {
    return 0; // end of file
}

int _close(int) {
    return -1;
}

int _lseek(int, int, int) {
    return 0;
}

/** Every file is a terminal: newlib then buffers by line. */
int _fstat(int, struct stat* status) {
    status->st_mode = S_IFCHR;
    return 0;
}

int _isatty(int) {
    return 1;
}

void* _sbrk(std::ptrdiff_t bytes) {
    static constinit char* heap_break = heap_start;
    if (bytes > heap_end - heap_break) {
        return reinterpret_cast<void*>(-1);
    }
    char* const block = heap_break;
    heap_break += bytes;
    return block;
}

/** Only abort() gets here. */
void _exit(int) {
    __builtin_trap();
}

int _kill(int, int) {
    return -1;
}

int _getpid(void) {
    return 1;
}

} // extern "C"
