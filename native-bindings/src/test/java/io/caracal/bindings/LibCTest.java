package io.caracal.bindings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.bindings.gen.libc_h;
import io.caracal.bindings.gen.pollfd;
import io.caracal.testing.OpenFiles;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodType;
import java.lang.reflect.Field;
import java.util.BitSet;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(OpenFiles.class)
class LibCTest {
    /** jextract gives these no descriptor, because they have {@code ...}. */
    private static final Set<String> VARIADIC = Set.of("open", "ioctl", "syscall");

    private final CallState state = new CallState();

    @Test
    void shouldLinkWithTheTypesThatJextractFound() throws ReflectiveOperationException {
        final Set<String> variadic = new TreeSet<>();
        int compared = 0;
        for (final Class<?> group : LibCCalls.class.getDeclaredClasses()) {
            for (final Field field : group.getDeclaredFields()) {
                final String function = field.getName().toLowerCase(Locale.ROOT);
                field.setAccessible(true);
                final MethodType type = ((MethodHandle)field.get(null)).type();
                assertEquals(MemorySegment.class, type.parameterType(0), "errno of " + function);
                if (VARIADIC.contains(function)) {
                    variadic.add(function);
                    continue;
                }
                final FunctionDescriptor expected =
                    (FunctionDescriptor)libc_h.class.getMethod(function + "$descriptor").invoke(null);
                assertEquals(expected.toMethodType(), type.dropParameterTypes(0, 1), function);
                compared++;
            }
        }
        assertEquals(VARIADIC, variadic);
        assertTrue(compared >= 28, "compared " + compared);
    }

    @Test
    void shouldLeaveErrnoOfEachCallInItsOwnState() {
        final CallState other = new CallState();
        final int closed = 1 << 20;
        try (Arena arena = Arena.ofConfined(); Fd event = Fd.eventfd()) {
            final MemorySegment buffer = arena.allocate(Long.BYTES);

            assertEquals(-1, LibC.read(state, event.number(), buffer, Long.BYTES));
            assertEquals(-1, LibC.send(other, closed, buffer, Long.BYTES, 0));

            assertEquals(Errno.EAGAIN, state.errno());
            assertEquals(Errno.EBADF, other.errno());
            assertEquals(-1, LibC.sendto(state, event.number(), MemorySegment.NULL, 0, Posix.MSG_DONTWAIT,
                MemorySegment.NULL, 0));
            assertEquals(Errno.ENOTSOCK, state.errno());
            assertEquals(-1, LibC.madvise(state, 4095, 1, Posix.MADV_DONTNEED));
            assertEquals(Errno.EINVAL, state.errno());
            assertEquals(0, LibC.ifNametoindex(state, arena.allocateFrom("none")));
            assertEquals(Errno.ENODEV, state.errno());
            assertEquals(-1, LibC.syscall(state, Posix.SYS_bpf, -1, 0, 0));
            assertEquals(Errno.EINVAL, state.errno());
        }
    }

    @Test
    void shouldSendWakeUpsThroughAnEventfdThatPollSees() {
        try (Fd event = Fd.eventfd(); Arena arena = Arena.ofConfined()) {
            final MemorySegment entry = pollfd.allocate(arena);
            pollfd.fd(entry, event.number());
            pollfd.events(entry, (short)Posix.POLLIN);
            final MemorySegment count = arena.allocateFrom(ValueLayout.JAVA_LONG, 3L);

            assertEquals(0, LibC.poll(state, entry, 1, 0));
            assertEquals(Long.BYTES, LibC.write(state, event.number(), count, Long.BYTES));
            assertEquals(1, LibC.poll(state, entry, 1, -1));
            count.set(ValueLayout.JAVA_LONG, 0, 0L);
            assertEquals(Long.BYTES, LibC.read(state, event.number(), count, Long.BYTES));
            assertEquals(3L, count.get(ValueLayout.JAVA_LONG, 0));
        }
    }

    @Test
    void shouldShareMappedMemoryUntilItIsClosed() {
        final long size = LibC.sysconf(state, Posix._SC_PAGESIZE) * 4;
        final int protection = Posix.PROT_READ | Posix.PROT_WRITE;
        final MappedRegion first;
        try (Fd file = Fd.memfd("bindings-test", size, 0)) {
            first = MappedRegion.shared(file.number(), 0, size, protection);
            try (MappedRegion second = MappedRegion.shared(file.number(), 0, size, protection, Posix.MAP_POPULATE)) {
                first.segment().set(ValueLayout.JAVA_LONG, size - Long.BYTES, 42L);
                assertEquals(42L, second.segment().get(ValueLayout.JAVA_LONG, size - Long.BYTES));
                assertNotEquals(first.address(), second.address());
                assertThrows(IndexOutOfBoundsException.class, () -> second.segment().get(ValueLayout.JAVA_BYTE, size));
            }
            assertEquals("map 4096 bytes of fd " + file.number() + " at 1: EINVAL (invalid argument)",
                assertThrows(NativeCallException.class,
                    () -> MappedRegion.shared(file.number(), 1, 4096, protection)).getMessage());
        }
        assertTrue(first.advise(Posix.MADV_DONTNEED));
        assertFalse(first.advise(4711));
        first.close();
        first.close();
        assertThrows(IllegalStateException.class, () -> first.segment().get(ValueLayout.JAVA_BYTE, 0));
        try (MappedRegion anonymous = MappedRegion.anonymous(size, 0)) {
            assertEquals(size, anonymous.size());
            assertEquals(0, anonymous.segment().get(ValueLayout.JAVA_LONG, 0));
        }
    }

    @Test
    void shouldCloseADescriptorOnce() {
        final Fd event = Fd.eventfd();
        final int number = event.number();
        assertEquals("eventfd (fd " + number + ')', event.toString());

        event.close();
        event.close();

        assertTrue(event.isClosed());
        assertEquals("eventfd is closed", assertThrows(IllegalStateException.class, event::number).getMessage());
        assertThrows(IllegalArgumentException.class, () -> Fd.of(-1, "socket"));
        assertEquals("open socket of family 99: EAFNOSUPPORT (address family not supported by protocol)",
            assertThrows(NativeCallException.class, () -> Fd.socket(99, Posix.SOCK_RAW, 0)).getMessage());
    }

    @Test
    void shouldPinTheCallingThread() throws InterruptedException {
        final BitSet all = CpuAffinity.allowed();
        final int cpu = all.nextSetBit(0);
        final FutureTask<BitSet> pinned = new FutureTask<>(() -> {
            CpuAffinity.pin(cpu);
            final BitSet one = CpuAffinity.allowed();
            CpuAffinity.allow(all);
            assertEquals(all, CpuAffinity.allowed());
            return one;
        });
        Thread.ofPlatform().start(pinned).join();

        final BitSet expected = new BitSet();
        expected.set(cpu);
        assertEquals(expected, pinned.resultNow());
        assertEquals(all, CpuAffinity.allowed());
        assertThrows(IllegalArgumentException.class, () -> CpuAffinity.pin(-1));
        assertEquals("pin thread to processors {8191}: EINVAL (this thread may use " + all + ')',
            assertThrows(NativeCallException.class, () -> CpuAffinity.pin(8191)).getMessage());
        assertTrue(LibC.gettid() > 0);
    }
}
