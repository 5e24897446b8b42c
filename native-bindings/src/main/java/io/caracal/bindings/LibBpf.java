package io.caracal.bindings;

import io.caracal.bindings.gen.bpf_object_open_opts;
import io.caracal.bindings.gen.libc_h;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.ref.Reference;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;

/**
 * libbpf 1.x: the library itself, its errors and log, and BPF objects with their programs. Maps are in
 * {@link BpfMaps}, links and pins in {@link BpfLinks}, other hooks in {@link BpfHooks}, programs by descriptor in
 * {@link BpfPrograms}. Methods are named as the C functions without {@code bpf_}; an object, a program or a map of it
 * is the C pointer. libbpf is not thread-safe per object: one thread at a time.
 *
 * <p>Needs {@code libbpf.so.1} (Debian: package libbpf1) when first called, and nothing of it before that.
 */
public final class LibBpf {
    private static final String LIBRARY = "libbpf.so.1";
    private static final int ERROR_TEXT_LENGTH = 256;
    private static final int LOG_TEXT_LENGTH = 64 << 10;
    private static final LibBpfLog.Level[] LEVELS = LibBpfLog.Level.values();

    private static final AtomicLong LOG_FAILURES = new AtomicLong();
    private static volatile LibBpfLog log;
    private static volatile SymbolLookup library;

    /** Functions that return NULL and say why in errno. */
    private static final class Calls {
        static final MemorySegment OBJECT_OPEN_MEM = Downcalls.in(library(), "bpf_object__open_mem");
    }

    /** The upcall, made once and never freed: libbpf keeps its address for as long as the process lives. */
    private static final class Upcall {
        static final MemorySegment STUB = stub();

        private static MemorySegment stub() {
            try {
                final FunctionDescriptor descriptor =
                    FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT,
                    ValueLayout.ADDRESS, ValueLayout.ADDRESS);
                final MethodHandle print = MethodHandles.lookup().findStatic(LibBpf.class, "print",
                    descriptor.toMethodType());
                return Linker.nativeLinker().upcallStub(print, descriptor, Arena.global());
            } catch (final ReflectiveOperationException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    private LibBpf() {
    }

    /**
     * Which libbpf is there.
     *
     * @return such as {@code v1.1}.
     * @throws NativeCallException ENOENT where the library is missing.
     */
    public static String version() {
        library();
        return LibBpfCalls.libbpf_version_string().getString(0);
    }

    /**
     * {@code libbpf_strerror}.
     *
     * @param errno an error number, libbpf's own or the kernel's; positive.
     * @return libbpf's words for it.
     */
    public static String strerror(final int errno) {
        library();
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment text = arena.allocate(ERROR_TEXT_LENGTH);
            LibBpfCalls.libbpf_strerror(errno, text, ERROR_TEXT_LENGTH);
            return text.getString(0);
        }
    }

    /**
     * {@code libbpf_set_print}: sends libbpf's log to a listener, for the whole process. Nothing is shown before the
     * first call.
     *
     * @param listener takes the texts, on any thread.
     */
    public static void setLog(final LibBpfLog listener) {
        library();
        log = Objects.requireNonNull(listener);
        LibBpfCalls.libbpf_set_print(Upcall.STUB);
    }

    /**
     * How often a listener of the log threw something.
     *
     * @return a counter since the process started.
     */
    public static long logFailureCount() {
        return LOG_FAILURES.get();
    }

    /**
     * {@code bpf_object__open_mem}: reads an ELF file; nothing goes to the kernel yet.
     *
     * @param elf the file in native memory, to be kept until the object is loaded or closed.
     * @param name of the object, at most 15 letters of which show in map names.
     * @return the object, to be closed by {@link #objectClose}.
     * @throws NativeCallException libbpf's format errors (from 4000 on), ENOENT where libbpf is missing.
     */
    public static MemorySegment objectOpenMem(final MemorySegment elf, final String name) {
        library();
        final CallState state = new CallState();
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment options = bpf_object_open_opts.allocate(arena).fill((byte)0);
            bpf_object_open_opts.sz(options, options.byteSize());
            /* As a number: an address by its layout costs a start sixteen classes. */
            options.set(ValueLayout.JAVA_LONG, bpf_object_open_opts.object_name$offset(),
                arena.allocateFrom(name).address());
            final MemorySegment object = MemorySegment.ofAddress(Downcalls.call(Calls.OBJECT_OPEN_MEM, state,
                Downcalls.address(elf), elf.byteSize(), Downcalls.address(options)));
            Reference.reachabilityFence(elf);
            if (object.equals(MemorySegment.NULL)) {
                throw state.failure("open BPF object", name);
            }
            return object;
        }
    }

    /**
     * {@code bpf_object__load}: creates its maps and gives its programs to the verifier. CAP_BPF and CAP_NET_ADMIN.
     *
     * @param object of {@link #objectOpenMem}.
     * @throws NativeCallException EACCES or EINVAL from the verifier (its log is in the buffer of
     *     {@link #programSetLogBuf}, or goes to the listener), EPERM, ENOMEM.
     */
    public static void objectLoad(final MemorySegment object) {
        check(LibBpfCalls.bpf_object__load(object), "load BPF object", objectName(object));
    }

    /**
     * {@code bpf_object__close}: closes its maps' and programs' descriptors and frees it.
     *
     * @param object of {@link #objectOpenMem}; not to be used afterwards.
     */
    public static void objectClose(final MemorySegment object) {
        LibBpfCalls.bpf_object__close(object);
    }

    /**
     * {@code bpf_object__name}.
     *
     * @param object of {@link #objectOpenMem}.
     * @return its name.
     */
    public static String objectName(final MemorySegment object) {
        return LibBpfCalls.bpf_object__name(object).getString(0);
    }

    /**
     * {@code bpf_object__next_program}.
     *
     * @param object of {@link #objectOpenMem}.
     * @param previous a program of it, or NULL for the first.
     * @return the next program, or NULL after the last.
     */
    public static MemorySegment objectNextProgram(final MemorySegment object, final MemorySegment previous) {
        return LibBpfCalls.bpf_object__next_program(object, previous);
    }

    /**
     * {@code bpf_object__find_program_by_name}.
     *
     * @param object of {@link #objectOpenMem}.
     * @param name of the C function.
     * @return the program; it lives as long as the object.
     * @throws NativeCallException ENOENT where there is none.
     */
    public static MemorySegment objectFindProgram(final MemorySegment object, final String name) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment found =
                LibBpfCalls.bpf_object__find_program_by_name(object, arena.allocateFrom(name));
            return found(found, "find program " + name + " in", object);
        }
    }

    /**
     * {@code bpf_object__next_map}.
     *
     * @param object of {@link #objectOpenMem}.
     * @param previous a map of it, or NULL for the first.
     * @return the next map, or NULL after the last.
     */
    public static MemorySegment objectNextMap(final MemorySegment object, final MemorySegment previous) {
        return LibBpfCalls.bpf_object__next_map(object, previous);
    }

    /**
     * {@code bpf_object__find_map_by_name}.
     *
     * @param object of {@link #objectOpenMem}.
     * @param name of the map in C.
     * @return the map; it lives as long as the object.
     * @throws NativeCallException ENOENT where there is none.
     */
    public static MemorySegment objectFindMap(final MemorySegment object, final String name) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment found = LibBpfCalls.bpf_object__find_map_by_name(object, arena.allocateFrom(name));
            return found(found, "find map " + name + " in", object);
        }
    }

    /**
     * {@code bpf_program__name}.
     *
     * @param program of an object.
     * @return name of its C function.
     */
    public static String programName(final MemorySegment program) {
        return LibBpfCalls.bpf_program__name(program).getString(0);
    }

    /**
     * {@code bpf_program__section_name}.
     *
     * @param program of an object.
     * @return such as {@code xdp} or {@code tc}.
     */
    public static String programSectionName(final MemorySegment program) {
        return LibBpfCalls.bpf_program__section_name(program).getString(0);
    }

    /**
     * {@code bpf_program__fd}.
     *
     * @param program of a loaded object.
     * @return its descriptor, which the object closes.
     * @throws NativeCallException ENOENT where it is not loaded.
     */
    public static int programFd(final MemorySegment program) {
        return check(LibBpfCalls.bpf_program__fd(program), "use program", programName(program));
    }

    /**
     * {@code bpf_program__set_autoload}: leaves a program out, before the object is loaded.
     *
     * @param program of an object that is not loaded.
     * @param isLoaded false to leave it out.
     */
    public static void programSetAutoload(final MemorySegment program, final boolean isLoaded) {
        check(LibBpfCalls.bpf_program__set_autoload(program, isLoaded), "leave out program", programName(program));
    }

    /**
     * {@code bpf_program__set_log_buf}: where the verifier's log goes, in place of the listener.
     *
     * @param program of an object that is not loaded.
     * @param buffer takes a C string; to be kept until the object is closed.
     * @param level 0 for a log of failures only, 1 for every step, 2 for more.
     */
    public static void programSetLogBuf(final MemorySegment program, final MemorySegment buffer, final int level) {
        final String name = programName(program);
        check(LibBpfCalls.bpf_program__set_log_buf(program, buffer, buffer.byteSize()), "set verifier log of", name);
        check(LibBpfCalls.bpf_program__set_log_level(program, level), "set verifier log level of", name);
    }

    /** Makes an exception of a negative errno, which is how libbpf's functions fail. */
    static int check(final int result, final String act, final String thing) {
        if (result < 0) {
            throw new NativeCallException(act, thing, -result);
        }
        return result;
    }

    /** The library, or an exception that says how to get it; called first by whatever may be the first to use it. */
    static SymbolLookup library() {
        final SymbolLookup loaded = library;
        return loaded != null ? loaded : load();
    }

    /** Finds a shared library by its run-time name; apart from {@link #library()} so that a test can miss one. */
    static SymbolLookup find(final String soname, final String debianPackage) {
        try {
            return SymbolLookup.libraryLookup(soname, Arena.global());
        } catch (final IllegalArgumentException e) {
            final NativeCallException failure = new NativeCallException("load library", soname, Errno.ENOENT,
                "it is not on this machine; install Debian's package " + debianPackage);
            failure.initCause(e);
            throw failure;
        }
    }

    private static synchronized SymbolLookup load() {
        if (library == null) {
            final SymbolLookup found = find(LIBRARY, "libbpf1");
            library = found;
            LibBpfCalls.libbpf_set_print(MemorySegment.NULL);
        }
        return library;
    }

    private static MemorySegment found(final MemorySegment found, final String act, final MemorySegment object) {
        if (found.equals(MemorySegment.NULL)) {
            throw new NativeCallException(act, "BPF object " + objectName(object), Errno.ENOENT,
                "the object was built from other sources");
        }
        return found;
    }

    /** Called by libbpf with a format and a va_list, which decays to a pointer. Must not throw. */
    private static int print(final int level, final MemorySegment format, final MemorySegment arguments) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment text = arena.allocate(LOG_TEXT_LENGTH);
            final int length = libc_h.vsnprintf(text, LOG_TEXT_LENGTH, format, arguments);
            log.log(LEVELS[Math.clamp(level, 0, LEVELS.length - 1)], text.getString(0).stripTrailing());
            return length;
        } catch (final Throwable thrown) {
            LOG_FAILURES.incrementAndGet();
            return 0;
        }
    }
}
