/* Cortex-M0 without a system: the vector table, memory set up, and text by semihosting, which a
   debugger or QEMU shows; on a board, write to its UART in `say`. */

#include <stdint.h>

#include "demo.h"
#include "memory.h"

extern uint32_t data_in_flash, data_start, data_end, bss_start, bss_end, stack_top;

void reset(void);

static void semihost(uint32_t what, uintptr_t with)
{
    register uint32_t r0 __asm__("r0") = what;
    register uintptr_t r1 __asm__("r1") = with;
    __asm__ volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
}

static void say(const char *text) { semihost(0x04U, (uintptr_t)text); }

void reset(void)
{
    uint32_t *to, *from = &data_in_flash;
    for (to = &data_start; to < &data_end; to++) {
        *to = *from++;
    }
    for (to = &bss_start; to < &bss_end; to++) {
        *to = 0U;
    }
    (void)demo(say);
    semihost(0x18U, 0x20026U); /* the program has ended */
    for (;;) {
    }
}

static void fault(void)
{
    say("A fault.\n");
    semihost(0x18U, 0x20024U);
    for (;;) {
    }
}

typedef struct {
    const uint32_t *stack;
    void (*handlers[15])(void);
} vector_table;

__attribute__((section(".vectors"), used)) static const vector_table vectors = {
    &stack_top, {reset, fault, fault},
};
