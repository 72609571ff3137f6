"""Device: what a model costs as a C header: bytes of code and constants, memory, time per digit.

    python -m benchmarks.device MODEL [MODEL ...] [--host]

Code and constants are those of a Cortex-M0 by arm-none-eabi-gcc -Os; cycles those of an ATmega1284P
by avr-gcc -Os in simavr, which counts them exactly, to 1,024; microseconds those of this machine by
cc -O3. A dash stands where a tool is missing, or the model has no room.

A second table has the instructions of framing the examples' picture and of reading its frame, by
-O2 and -Os: a plugin of QEMU's counts a program's (`sides/count_instructions.c`), once with the
step and once without. Instructions are no cycles: a Cortex-M0 takes 1 to 3 for one, flash may make
it wait. `--host` leaves out all but the first table's.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.records import machine
from digitnet.cli.main import guarded
from digitnet.data.synthetic import synthesize
from digitnet.export import export_model
from digitnet.models.folder import load_model

N_FRAMES, N_TIMES = 200, 5

WHOLE = '#define DIGIT_IMPLEMENTATION\n#include "digit.h"\n'

COUNTED = (
    WHOLE
    + r"""
#include "demo.h"
#include "picture.h"
static digit_cell work[DIGIT_WORK];
static uint8_t frame_work[DIGIT_FRAME_WORK], frame[DIGIT_PIXELS];
int demo(void (*say)(const char *text))
{
    digit_answer answer = {0, 0U, 0U};
    for (int i = 0; i < FRAMED; i++)
        (void)digit_frame(picture, PICTURE_WIDTH, PICTURE_HEIGHT, PICTURE_WIDTH, frame_work, frame);
    for (int i = 0; i < READ; i++)
        (void)digit_read(frame, work, &answer);
    say(answer.per_mille > 0U ? "read\n" : "not read\n");
    return 0;
}
"""
)

BARE = ("-ffreestanding", "-nostdlib", "-Wl,--gc-sections")
SYSTEM = "qemu-system-arm -nographic -monitor none -serial none -semihosting-config"
MACHINES = {
    "RV32": ("riscv64-unknown-elf-gcc -march=rv32imc -mabi=ilp32 -Wl,--no-relax", "qemu-riscv32"),
    **{
        f"Cortex-{core.upper()}": (
            f"arm-none-eabi-gcc -mcpu=cortex-{core} -mthumb",
            f"{SYSTEM} enable=on,target=native -M {board} -kernel",
        )
        for core, board in (("m0", "microbit"), ("m3", "mps2-an385"), ("m4", "mps2-an386"))
    },
}
"""A compiler and what runs its programs, which takes QEMU's plugins."""

HOST = (
    WHOLE
    + r"""
#include <stdio.h>
#include <time.h>
static uint8_t frames[N_FRAMES][DIGIT_PIXELS];
static digit_cell work[DIGIT_WORK];
static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}
int main(void)
{
    digit_logit logits[DIGIT_CLASSES];
    double best = 1e9;
    if (fread(frames, DIGIT_PIXELS, N_FRAMES, stdin) != N_FRAMES) return 1;
    for (int time = 0; time < N_TIMES; time++) {
        const double begun = seconds();
        for (int i = 0; i < N_FRAMES; i++) digit_logits(frames[i], work, logits);
        if (seconds() - begun < best) best = seconds() - begun;
    }
    printf("%.3f\n", 1e6 * best / N_FRAMES);
    return 0;
}
"""
)

AVR = (
    WHOLE
    + r"""
#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/sleep.h>
#include "picture.h"
static uint8_t frame[DIGIT_PIXELS];
static uint8_t work[DIGIT_MOST_WORK];
static void say(uint32_t ticks)
{
    for (uint32_t unit = 1000000000U; unit > 0U; unit /= 10U) {
        while ((UCSR0A & (1U << UDRE0)) == 0U) { }
        UDR0 = (uint8_t)('0' + (ticks / unit) % 10U);
    }
    while ((UCSR0A & (1U << UDRE0)) == 0U) { }
    UDR0 = '\n';
}
static volatile uint16_t over;
ISR(TIMER1_OVF_vect) { over++; }
static uint32_t ticks(void) { return ((uint32_t)over << 16) + TCNT1; }
int main(void)
{
    digit_answer answer;
    uint32_t begun, framed;
    UCSR0B = 1U << TXEN0;
    TIMSK1 = 1U << TOIE1;
    TCCR1B = (1U << CS12) | (1U << CS10); /* a tick is 1,024 cycles */
    sei();
    begun = ticks();
    (void)digit_frame(picture, PICTURE_WIDTH, PICTURE_HEIGHT, PICTURE_WIDTH, work, frame);
    framed = ticks();
    (void)digit_read(frame, work, &answer);
    say(framed - begun);
    say(ticks() - framed);
    cli();
    sleep_enable();
    for (;;) sleep_cpu();
}
"""
)


def run(*words: str | Path, content: bytes | None = None) -> str:
    """What a command prints, on either stream."""
    done = subprocess.run(words, input=content, capture_output=True, timeout=600, check=True)
    return (done.stdout + done.stderr).decode(errors="replace")


def there(*tools: str) -> bool:
    return all(shutil.which(tool) for tool in tools)


def on_cortex_m0(folder: Path) -> tuple[str, str]:
    """Bytes of code and of constants."""
    if not there("arm-none-eabi-gcc", "arm-none-eabi-size"):
        return "-", "-"
    (folder / "m0.c").write_text(WHOLE)
    run("arm-none-eabi-gcc", "-std=c99", "-Os", "-mcpu=cortex-m0", "-mthumb", "-ffreestanding",
        "-c", "-o", folder / "m0.o", folder / "m0.c")  # fmt: skip
    said = run("arm-none-eabi-size", "-A", folder / "m0.o")
    sizes = re.findall(r"^\.(text|rodata)\S*\s+(\d+)", said, re.MULTILINE)
    code, constants = (sum(int(n) for kind, n in sizes if kind == k) for k in ("text", "rodata"))
    return f"{code:,}", f"{constants:,}"


def on_avr(folder: Path) -> tuple[str, str]:
    """Cycles of framing the examples' picture, and of reading the frame."""
    if not there("avr-gcc", "simavr") or "uint8_t digit_cell" not in header(folder):
        return "-", "-"
    (folder / "avr.c").write_text(AVR)
    examples = Path(__file__).parents[1] / "examples"
    try:
        run("avr-gcc", "-std=gnu99", "-Os", "-mmcu=atmega1284p", f"-I{examples}", "-o",
            folder / "avr.elf", folder / "avr.c")  # fmt: skip
    except subprocess.CalledProcessError:
        return "-", "-"
    said = run("simavr", "-m", "atmega1284p", "-f", "16000000", folder / "avr.elf")
    framed, read = re.findall(r"\d{10}", said)[:2]
    return f"{1024 * int(framed):,}", f"{1024 * int(read):,}"


def instructions(folder: Path, name: str, level: str) -> tuple[str, str]:
    """Of framing the examples' picture and of reading the frame, on one of MACHINES."""
    compiler, emulator = (words.split() for words in MACHINES[name])
    if not there("cc", compiler[0], emulator[0]):
        return "-", "-"
    examples = Path(__file__).parents[1] / "examples"
    place = examples / ("rv32" if name == "RV32" else "cortex-m0")
    scripts = [f"-T{each}" for each in place.glob("*.ld")]
    plugin = folder / "count.so"
    source = Path(__file__).parent / "sides" / "count_instructions.c"
    run("cc", "-shared", "-fPIC", "-O2", "-o", plugin, source)
    (folder / "counted.c").write_text(COUNTED)
    counts = []
    for framed, read in ((0, 0), (1, 0), (1, 1)):
        words = [f"-DFRAMED={framed}", f"-DREAD={read}", f"-I{examples}", level, "-std=c99"]
        try:
            built = folder / "counted.elf"
            sources = (place / "start.c", folder / "counted.c", "-lgcc")
            run(*compiler, *words, *scripts, *BARE, "-o", built, *sources)
        except subprocess.CalledProcessError:
            return "-", "-"
        plug = ["-plugin", plugin]
        said = run(emulator[0], *plug, *emulator[1:], built)
        counts.append(int(re.findall(r"instructions: (\d+)", said)[0]))
    return f"{counts[1] - counts[0]:,}", f"{counts[2] - counts[1]:,}"


def on_host(folder: Path) -> str:
    """Microseconds per digit."""
    if not there("cc"):
        return "-"
    (folder / "host.c").write_text("#define _POSIX_C_SOURCE 199309L\n" + HOST)
    run("cc", "-std=c99", "-O3", "-march=native", f"-DN_FRAMES={N_FRAMES}",
        f"-DN_TIMES={N_TIMES}", "-o", folder / "host", folder / "host.c")  # fmt: skip
    digits = synthesize(N_FRAMES, np.random.default_rng(0)).images
    return f"{float(run(folder / 'host', content=digits.tobytes())):.1f}"


def header(folder: Path) -> str:
    return (folder / "digit.h").read_text()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="+", metavar="MODEL")
    parser.add_argument("--host", action="store_true", help="without instructions in emulators")
    args = parser.parse_args()
    print(machine())
    columns = ("code", "constants", "frame + work", "AVR frame", "AVR read", "host us")
    print(f"{'':<14}" + "".join(f"{column:>14}" for column in columns))
    for name in args.models:
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            export_model(load_model(name), "c", Path(name).name, folder / "digit.h")
            work = re.findall(r"#define DIGIT_(MOST_WORK|WORK) (\d+)U", header(folder))
            cell = 1 if "uint8_t digit_cell" in header(folder) else 4
            memory = f"{784 + max(2304, cell * max(int(n) for _, n in work)):,}"
            cells = (*on_cortex_m0(folder), memory, *on_avr(folder), on_host(folder))
        print(f"{Path(name).name:<14}" + "".join(f"{cell:>14}" for cell in cells), flush=True)
    for name in [] if args.host else args.models:
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            export_model(load_model(name), "c", Path(name).name, folder / "digit.h")
            for machine_name in MACHINES:
                for level in ("-O2", "-Os"):
                    framed, read = instructions(folder, machine_name, level)
                    print(f"{Path(name).name}, {machine_name} {level}: {framed} instructions to "
                          f"frame, {read} to read", flush=True)  # fmt: skip


if __name__ == "__main__":
    sys.exit(guarded(lambda: main() or 0))
