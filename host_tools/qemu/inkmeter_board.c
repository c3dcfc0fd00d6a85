#include <stdlib.h>
#include <sys/time.h>
#include "py/cstack.h"
#include "py/gc.h"
#include "py/mphal.h"
#include "py/runtime.h"
#include "py/stream.h"
#include "shared/readline/readline.h"
#include "shared/runtime/interrupt_char.h"
#include "shared/runtime/pyexec.h"
#include "ports/qemu/uart.h"

#define REG(address) (*(volatile uint32_t *)(address))
#define UART0_DATA REG(0x40004000)
#define UART0_TXFULL (REG(0x40004004) & 1)
#define FPGAIO_COUNTER REG(0x40028018)
#define FPGAIO_PRESCALE REG(0x4002801C)
#define SYSTICK_CTRL REG(0xE000E010)
#define SYSTICK_LOAD REG(0xE000E014)
#define SCB_VTOR REG(0xE000ED08)
#define SCB_AIRCR REG(0xE000ED0C)
#define SYSTICK_VECTOR (((volatile uint32_t *)SCB_VTOR)[15])
#define CLOCK_HZ (25000000)
#define QUIET_US (10000)
#define PATIENCE_US (2000000)

static uint32_t heap[MICROPY_HEAP_SIZE / sizeof(uint32_t)];
// mpremote may have two windows of MICROPY_REPL_STDIN_BUFFER_MAX / 2 octets under way, 256 in all.
#define RING (512)
static volatile uint8_t ring[RING];
static volatile uint16_t head, tail;

static uint64_t elapsed_us(void) {
    static uint64_t total;
    static uint32_t last;
    uint32_t now = FPGAIO_COUNTER;
    total += now - last;
    last = now;
    return total;
}

mp_uint_t mp_hal_ticks_cpu(void) {
    return elapsed_us();
}

mp_uint_t mp_hal_ticks_us(void) {
    return elapsed_us();
}

mp_uint_t mp_hal_ticks_ms(void) {
    return elapsed_us() / 1000;
}

uint64_t mp_hal_time_ns(void) {
    return elapsed_us() * 1000;
}

// For the ESP32's time module, whose epoch is 2000.
int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    uint64_t us = elapsed_us();
    now->tv_sec = us / 1000000;
    now->tv_usec = us % 1000000;
    return 0;
}

void mp_hal_delay_us(mp_uint_t us) {
    for (uint64_t end = elapsed_us() + us; elapsed_us() < end;) {
        mp_event_handle_nowait();
    }
}

void mp_hal_delay_ms(mp_uint_t ms) {
    for (uint64_t end = elapsed_us() + 1000ULL * ms; elapsed_us() < end;) {
        mp_event_wait_ms(1);
    }
}

// Runs every millisecond. What the ring can't hold is lost, as on an ESP32, so that Ctrl-C gets through.
static void take_input(void) {
    for (int c; (c = uart_rx_chr()) >= 0;) {
        if (c == mp_interrupt_char) {
            mp_sched_keyboard_interrupt();
        } else if ((head + 1) % RING != tail) {
            ring[head] = c;
            head = (head + 1) % RING;
        }
    }
}

// QEMU delivers faster to a processor that asks for each byte than to one that it must wake for each.
int mp_hal_stdin_rx_chr(void) {
    for (uint64_t quiet = elapsed_us() + QUIET_US; head == tail;) {
        if (elapsed_us() < quiet) {
            mp_event_handle_nowait();
            __asm volatile ("cpsid i" ::: "memory");
            take_input();
            __asm volatile ("cpsie i" ::: "memory");
        } else {
            mp_event_wait_indefinite();
        }
    }
    int c = ring[tail];
    tail = (tail + 1) % RING;
    return c;
}

uintptr_t mp_hal_stdio_poll(uintptr_t flags) {
    return flags & (MP_STREAM_POLL_WR | (head != tail ? MP_STREAM_POLL_RD : 0));
}

// A pseudo-terminal that nobody reads fills up. That must not stop the board: on a wire, the bytes are lost.
mp_uint_t mp_hal_stdout_tx_strn(const char *text, size_t len) {
    static bool unread;
    for (size_t i = 0; i < len; i++) {
        for (uint64_t end = elapsed_us() + PATIENCE_US; UART0_TXFULL && !unread;) {
            unread = elapsed_us() > end;
        }
        if (!UART0_TXFULL) {
            unread = false;
            UART0_DATA = (uint8_t)text[i];
        }
    }
    return len;
}

// Called by machine.reset(). The port's own ends QEMU.
void exit(int status) {
    SCB_AIRCR = 0x05FA0004;
    for (;;) {
    }
}

int main(int argc, char **argv) {
    FPGAIO_PRESCALE = CLOCK_HZ / 1000000 - 1;
    SYSTICK_VECTOR = (uint32_t)take_input;
    SYSTICK_LOAD = CLOCK_HZ / 1000 - 1;
    SYSTICK_CTRL = 7;
    mp_cstack_init_with_sp_here(16 * 1024);
    for (;;) {
        gc_init(heap, (uint8_t *)heap + sizeof(heap));
        mp_init();
        readline_init0();
        pyexec_frozen_module("_boot.py", false);
        int ret = pyexec_file_if_exists("boot.py");
        if (ret == 1 && pyexec_mode_kind == PYEXEC_MODE_FRIENDLY_REPL) {
            ret = pyexec_file_if_exists("main.py");
        }
        while (!(ret & PYEXEC_FORCED_EXIT)) {
            ret = pyexec_mode_kind == PYEXEC_MODE_RAW_REPL ? pyexec_raw_repl() : pyexec_friendly_repl();
        }
        gc_sweep_all();
        mp_hal_stdout_tx_str("MPY: soft reboot\r\n");
        mp_deinit();
    }
}
