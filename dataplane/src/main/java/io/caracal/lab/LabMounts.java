package io.caracal.lab;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import io.caracal.bindings.CallState;
import io.caracal.bindings.LibC;
import io.caracal.bindings.Posix;

/** Mounts inside a lab's folder: each node has a bpffs of its own. Needs CAP_SYS_ADMIN. */
final class LabMounts {
    private LabMounts() {
    }

    /** Every mount point of this process, in the order in which they were mounted. */
    static List<Path> all() {
        try {
            return Files.readAllLines(Path.of("/proc/self/mounts")).stream()
                .map(line -> Path.of(line.split(" ")[1])).toList();
        } catch (final IOException e) {
            throw new UncheckedIOException("read /proc/self/mounts", e);
        }
    }

    static void mountBpf(final Path target) {
        final CallState state = new CallState();
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment type = arena.allocateFrom("bpf");
            if (LibC.mount(state, type, arena.allocateFrom(target.toString()), type, 0, MemorySegment.NULL) < 0) {
                throw state.failure("mount a BPF file system on", target.toString());
            }
        }
    }

    static void unmount(final Path target) {
        final CallState state = new CallState();
        try (Arena arena = Arena.ofConfined()) {
            if (LibC.umount2(state, arena.allocateFrom(target.toString()), Posix.MNT_DETACH) < 0) {
                throw state.failure("unmount", target.toString());
            }
        }
    }
}
