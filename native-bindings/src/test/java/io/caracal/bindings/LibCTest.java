package io.caracal.bindings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.bindings.gen.libc_h;
import io.caracal.bindings.gen.pollfd;
import io.caracal.testing.OpenFiles;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodType;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
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
    /** Passed as a number: nobody has a segment there yet, or any more. */
    private static final Set<String> ADDRESSES_AS_NUMBERS = Set.of("mmap", "munmap", "madvise");

    private final CallState state = new CallState();

    @Test
    void shouldTakeTheTypesThatJextractFound() throws ReflectiveOperationException {
        final Set<String> variadic = new TreeSet<>();
        int compared = 0;
        for (final Method method : LibC.class.getDeclaredMethods()) {
            if (!Modifier.isPublic(method.getModifiers())) {
                continue;
            }
            final String function = cName(method.getName());
            assertTrue(LibCCalls.class.getDeclaredField(function.toUpperCase(Locale.ROOT)) != null, function);
            if (VARIADIC.contains(function)) {
                variadic.add(function);
                continue;
            }
            final FunctionDescriptor expected =
                (FunctionDescriptor)libc_h.class.getMethod(function + "$descriptor").invoke(null);
            assertEquals(registers(function, expected.toMethodType()), typeOf(method), function);
            compared++;
        }
        assertEquals(VARIADIC, variadic);
        assertTrue(compared >= 28, "compared " + compared);
    }

    private static String cName(final String method) {
        return switch (method) {
            case "ifNametoindex", "ifIndextoname", "memfdCreate", "posixFallocate", "schedSetaffinity",
                "schedGetaffinity" -> method.replaceAll("([A-Z])", "_$1").toLowerCase(Locale.ROOT);
            default -> method;
        };
    }

    private static MethodType registers(final String function, final MethodType type) {
        if (!ADDRESSES_AS_NUMBERS.contains(function)) {
            return type;
        }
        final MethodType first = type.changeParameterType(0, long.class);
        return first.returnType() == MemorySegment.class ? first.changeReturnType(long.class) : first;
    }

    /** Without the call state. */
    private static MethodType typeOf(final Method method) {
        final MethodType type = MethodType.methodType(method.getReturnType(), method.getParameterTypes());
        return type.parameterCount() > 0 && type.parameterType(0) == CallState.class
            ? type.dropParameterTypes(0, 1) : type;
    }

    @Test
    void shouldRefuseMemoryOfTheJavaHeap() {
        try (Fd event = Fd.eventfd()) {
            final MemorySegment heap = MemorySegment.ofArray(new byte[Long.BYTES]);
            assertThrows(IllegalArgumentException.class, () -> LibC.read(state, event.number(), heap, Long.BYTES));
        }
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
    void shouldSetTheNicenessOfTheCallingThreadAlone() throws InterruptedException {
        final int before = ThreadNice.get();
        final FutureTask<String> favoured = new FutureTask<>(() -> {
            ThreadNice.set(-3);
            final String between = before + " then " + ThreadNice.get();
            ThreadNice.set(-4, 200_000);
            return between + " then " + ThreadNice.get() + ", slice " + sliceNs();
        });
        Thread.ofPlatform().start(favoured).join();

        assertEquals(before + " then -3 then -4, slice 200000", favoured.resultNow());
        assertEquals(before, ThreadNice.get());
    }

    /** As asked for; before Linux 6.12, which knows no slices of a thread's own, as the test expects it. */
    private static String sliceNs() throws IOException {
        final String[] version = System.getProperty("os.version").split("\\D+");
        if (Integer.parseInt(version[0]) * 100 + Integer.parseInt(version[1]) < 612) {
            return "200000";
        }
        return Files.readAllLines(Path.of("/proc/thread-self/sched")).stream()
            .filter(line -> line.startsWith("se.slice")).findFirst().orElse("not there").replaceAll("\\D", "");
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
