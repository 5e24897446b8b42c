package io.caracal.network;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.bindings.NativeCallException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a device's settings were is written down, and set back by whoever comes: on the kernel's own settings. */
class DeferredInterruptsTest {
    private static final String OURS = "2 200000";

    @TempDir
    private Path state;
    private final PolledDevice device = new PolledDevice();

    @AfterEach
    void removeDevice() {
        device.close();
    }

    private DeferredInterrupts open() {
        return device.namespace.call(() -> DeferredInterrupts.open(state));
    }

    private Path notes() {
        return state.resolve("deferred-interrupts");
    }

    @Test
    void shouldDeferOneDeviceAndSetItBack() {
        device.set("gro_flush_timeout", "7000");
        try (DeferredInterrupts interrupts = open()) {
            interrupts.defer("up");
            assertEquals(OURS, device.says("up"));
            assertEquals("0 0", device.says("peer"), "nobody else's");
            assertTrue(Files.exists(notes()));
            assertEquals(Optional.of("gro_flush_timeout to 7000 and napi_defer_hard_irqs to 0 of up"),
                interrupts.restore("up"));
            assertEquals("0 7000", device.says("up"));
            assertFalse(Files.exists(notes()));
            assertEquals(Optional.empty(), interrupts.restore("up"));
        }
    }

    @Test
    void shouldSetBackWhatAKilledEngineHasLeft() {
        device.set("napi_defer_hard_irqs", "1");
        try (DeferredInterrupts killed = open()) {
            killed.defer("up");
        }
        assertEquals(OURS, device.says("up"), "as a kill leaves it");
        final List<String> lines = device.namespace.call(() -> DeferredInterrupts.restoreLeft(state));
        assertEquals(List.of("gro_flush_timeout to 0 and napi_defer_hard_irqs to 1 of up"), lines);
        assertEquals("1 0", device.says("up"));
        assertFalse(Files.exists(notes()));
        assertEquals(List.of(), device.namespace.call(() -> DeferredInterrupts.restoreLeft(state)));
    }

    @Test
    void shouldLeaveAloneWhatSomebodyElseHasSetMeanwhile() {
        try (DeferredInterrupts interrupts = open()) {
            interrupts.defer("up");
            device.set("gro_flush_timeout", "50000");
            assertEquals(List.of("napi_defer_hard_irqs to 0 of up"), interrupts.restoreAll());
            assertEquals("0 50000", device.says("up"));
            device.set("gro_flush_timeout", "200000");
            device.set("napi_defer_hard_irqs", "2");
            interrupts.defer("up");
            assertEquals(List.of(), interrupts.restoreAll());
            assertEquals(OURS, device.says("up"), "it was so before");
        }
    }

    @Test
    void shouldForgetADeviceThatHasGone() {
        try (DeferredInterrupts interrupts = open()) {
            interrupts.defer("up");
            device.remove();
            assertEquals(List.of(), interrupts.restoreAll());
            assertFalse(Files.exists(notes()));
            assertEquals("read setting gro_flush_timeout of up: ENOENT (no such file or directory)",
                assertThrows(NativeCallException.class, () -> interrupts.defer("up")).getMessage());
            assertFalse(Files.exists(notes()));
        }
    }

    @Test
    void shouldNotBelieveNotesOfAnotherBootOrHalfALine() throws IOException {
        device.set("gro_flush_timeout", "200000");
        Files.writeString(notes(), "0123abcd up gro_flush_timeout 0\n0123abcd up napi_de");
        assertEquals(List.of(), device.namespace.call(() -> DeferredInterrupts.restoreLeft(state)));
        assertEquals("0 200000", device.says("up"));
        assertFalse(Files.exists(notes()));
    }
}
