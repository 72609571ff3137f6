/* AVR with 16 kB of memory (ATmega1284P), run by simavr: text leaves by the serial port, and the
   sleep without interrupts ends the simulation. */

#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/sleep.h>
#include <stdint.h>

#include "demo.h"

static void say(const char *text)
{
    for (; *text != '\0'; text++) {
        while ((UCSR0A & (uint8_t)(1U << UDRE0)) == 0U) {
        }
        UDR0 = (uint8_t)*text;
    }
}

int main(void)
{
    UBRR0 = 0U;
    UCSR0B = (uint8_t)(1U << TXEN0);
    (void)demo(say);
    cli();
    sleep_enable();
    for (;;) {
        sleep_cpu();
    }
}
