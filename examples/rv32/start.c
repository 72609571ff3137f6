/* RV32 as in an ESP32-C3 (rv32imc, no floating-point unit), run by QEMU's user mode: text and the
   end go out by Linux's calls; on a board, write to its UART in `say`. */

#include <stddef.h>
#include <stdint.h>

#include "demo.h"
#include "memory.h"

void _start(void);

static void call(uintptr_t which, uintptr_t one, uintptr_t two, uintptr_t three)
{
    register uintptr_t a0 __asm__("a0") = one;
    register uintptr_t a1 __asm__("a1") = two;
    register uintptr_t a2 __asm__("a2") = three;
    register uintptr_t a7 __asm__("a7") = which;
    __asm__ volatile("ecall" : "+r"(a0) : "r"(a1), "r"(a2), "r"(a7) : "memory");
}

static void say(const char *text)
{
    size_t n = 0;
    while (text[n] != '\0') {
        n++;
    }
    call(64U, 1U, (uintptr_t)text, n); /* write */
}

void _start(void)
{
    call(93U, (uintptr_t)demo(say), 0U, 0U); /* exit */
    for (;;) {
    }
}
