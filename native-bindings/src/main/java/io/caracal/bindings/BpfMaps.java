package io.caracal.bindings;

import io.caracal.bindings.gen.libbpf_h;
import io.caracal.bindings.gen.bpf_map_batch_opts;
import io.caracal.bindings.gen.bpf_map_create_opts;
import io.caracal.bindings.gen.bpf_map_info;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * BPF maps, by libbpf. Keys and values are native memory of the map's key and value size. Any thread may call; the
 * kernel does its own locking per element. None is for the path of packets: each is a system call.
 */
public final class BpfMaps {
    /** {@code BPF_MAP_TYPE_HASH}. */
    public static final int TYPE_HASH = 1;
    /** {@code BPF_MAP_TYPE_ARRAY}. */
    public static final int TYPE_ARRAY = 2;
    /** {@code BPF_MAP_TYPE_PERCPU_HASH}. */
    public static final int TYPE_PERCPU_HASH = 5;
    /** {@code BPF_MAP_TYPE_PERCPU_ARRAY}. */
    public static final int TYPE_PERCPU_ARRAY = 6;
    /** {@code BPF_MAP_TYPE_LRU_HASH}. */
    public static final int TYPE_LRU_HASH = 9;
    /** {@code BPF_MAP_TYPE_LPM_TRIE}. */
    public static final int TYPE_LPM_TRIE = 11;
    /** {@code BPF_MAP_TYPE_XSKMAP}. */
    public static final int TYPE_XSKMAP = 17;
    /** {@code BPF_MAP_TYPE_RINGBUF}. */
    public static final int TYPE_RINGBUF = 27;

    /** {@code BPF_ANY}: make the element or replace it. */
    public static final long ANY = 0;
    /** {@code BPF_NOEXIST}: only make it. */
    public static final long NOEXIST = 1;
    /** {@code BPF_EXIST}: only replace it. */
    public static final long EXIST = 2;

    /** {@code BPF_F_NO_PREALLOC}: memory per element when it is made; a must for an LPM trie. */
    public static final int F_NO_PREALLOC = 1;
    /** {@code BPF_F_MMAPABLE}: an array that may be mapped; Linux 5.5. */
    public static final int F_MMAPABLE = 1 << 10;

    /**
     * What the kernel knows of a map.
     *
     * @param id its id.
     * @param type such as {@link #TYPE_HASH}.
     * @param keySize bytes of a key.
     * @param valueSize bytes of a value, on one processor.
     * @param maxEntries how many it has room for.
     * @param flags such as {@link #F_MMAPABLE}.
     * @param name at most 15 letters.
     */
    public record MapInfo(int id, int type, int keySize, int valueSize, int maxEntries, int flags, String name) {
    }

    private BpfMaps() {
    }

    /**
     * {@code bpf_map_create}. CAP_BPF.
     *
     * @param type such as {@link #TYPE_HASH}.
     * @param name at most 15 letters, digits, dots and underscores.
     * @param keySize bytes of a key.
     * @param valueSize bytes of a value.
     * @param maxEntries room.
     * @param flags such as {@link #F_NO_PREALLOC}.
     * @return the map; the kernel frees it when nobody has it open, pinned or in a program.
     * @throws NativeCallException EINVAL for what the type does not allow, E2BIG, ENOMEM, EPERM.
     */
    public static Fd create(final int type, final String name, final int keySize, final int valueSize,
        final int maxEntries, final int flags) {
        LibBpf.library();
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment options = bpf_map_create_opts.allocate(arena).fill((byte)0);
            bpf_map_create_opts.sz(options, options.byteSize());
            bpf_map_create_opts.map_flags(options, flags);
            final int fd = LibBpfCalls.bpf_map_create(type, arena.allocateFrom(name), keySize, valueSize, maxEntries,
                options);
            return Fd.of(LibBpf.check(fd, "create map", name + " of type " + type), "map " + name);
        }
    }

    /**
     * {@code bpf_map__name}.
     *
     * @param map of an object.
     * @return its name in C.
     */
    public static String mapName(final MemorySegment map) {
        return LibBpfCalls.bpf_map__name(map).getString(0);
    }

    /**
     * {@code bpf_map__fd}.
     *
     * @param map of a loaded object.
     * @return its descriptor, which the object closes.
     * @throws NativeCallException where the object is not loaded.
     */
    public static int mapFd(final MemorySegment map) {
        return LibBpf.check(LibBpfCalls.bpf_map__fd(map), "use map", mapName(map));
    }

    /**
     * {@code bpf_map__type}.
     *
     * @param map of an object.
     * @return such as {@link #TYPE_HASH}.
     */
    public static int mapType(final MemorySegment map) {
        return LibBpfCalls.bpf_map__type(map);
    }

    /**
     * {@code bpf_map__key_size}.
     *
     * @param map of an object.
     * @return bytes of a key.
     */
    public static int mapKeySize(final MemorySegment map) {
        return LibBpfCalls.bpf_map__key_size(map);
    }

    /**
     * {@code bpf_map__value_size}.
     *
     * @param map of an object.
     * @return bytes of a value.
     */
    public static int mapValueSize(final MemorySegment map) {
        return LibBpfCalls.bpf_map__value_size(map);
    }

    /**
     * {@code bpf_map__max_entries}.
     *
     * @param map of an object.
     * @return how many it has room for.
     */
    public static int mapMaxEntries(final MemorySegment map) {
        return LibBpfCalls.bpf_map__max_entries(map);
    }

    /**
     * {@code bpf_map__set_max_entries}, before the object is loaded.
     *
     * @param map of an object that is not loaded.
     * @param maxEntries room.
     */
    public static void mapSetMaxEntries(final MemorySegment map, final int maxEntries) {
        LibBpf.check(LibBpfCalls.bpf_map__set_max_entries(map, maxEntries), "resize map", mapName(map));
    }

    /**
     * {@code bpf_map__set_initial_value}: constants of the program ({@code .rodata}) and its first variables.
     *
     * @param map of an object that is not loaded.
     * @param value of the map's value size.
     * @throws NativeCallException EINVAL where the size is wrong or the map has no initial value.
     */
    public static void mapSetInitialValue(final MemorySegment map, final MemorySegment value) {
        final int result = LibBpfCalls.bpf_map__set_initial_value(map, value, value.byteSize());
        LibBpf.check(result, "set constants in", mapName(map));
    }

    /**
     * {@code bpf_map__reuse_fd}: lets an object use a map that is there already, before it is loaded.
     *
     * @param map of an object that is not loaded.
     * @param fd of the existing map, of the same type and sizes; the object has its own duplicate afterwards.
     */
    public static void mapReuseFd(final MemorySegment map, final int fd) {
        LibBpf.check(LibBpfCalls.bpf_map__reuse_fd(map, fd), "reuse map", mapName(map));
    }

    /**
     * {@code bpf_map__set_autocreate}: leaves a map out, before the object is loaded.
     *
     * @param map of an object that is not loaded.
     * @param isCreated false to leave it out.
     */
    public static void mapSetAutocreate(final MemorySegment map, final boolean isCreated) {
        LibBpf.check(LibBpfCalls.bpf_map__set_autocreate(map, isCreated), "leave out map", mapName(map));
    }

    /**
     * {@code bpf_map_update_elem}.
     *
     * @param fd the map.
     * @param key of the map's key size.
     * @param value of the map's value size; of a per-CPU map, one per possible processor, each rounded up to 8 bytes.
     * @param flags such as {@link #ANY}.
     * @throws NativeCallException E2BIG where the map is full, EEXIST and ENOENT by the flags, EINVAL.
     */
    public static void updateElem(final int fd, final MemorySegment key, final MemorySegment value, final long flags) {
        check(LibBpfCalls.bpf_map_update_elem(fd, key, value, flags), "update element of", fd);
    }

    /**
     * {@code bpf_map_lookup_elem}.
     *
     * @param fd the map.
     * @param key of the map's key size.
     * @param value takes the value; as large as for {@link #updateElem}.
     * @return false where there is no such element.
     * @throws NativeCallException EBADF, EINVAL, EOPNOTSUPP where the type cannot be read.
     */
    public static boolean lookupElem(final int fd, final MemorySegment key, final MemorySegment value) {
        return isThere(LibBpfCalls.bpf_map_lookup_elem(fd, key, value), "look up element of", fd);
    }

    /**
     * {@code bpf_map_delete_elem}.
     *
     * @param fd the map.
     * @param key of the map's key size.
     * @return false where there was no such element.
     * @throws NativeCallException EBADF, EINVAL for an array, whose elements stay.
     */
    public static boolean deleteElem(final int fd, final MemorySegment key) {
        return isThere(LibBpfCalls.bpf_map_delete_elem(fd, key), "delete element of", fd);
    }

    /**
     * {@code bpf_map_get_next_key}. An element that is deleted meanwhile makes the walk start again.
     *
     * @param fd the map.
     * @param key an element, or NULL for the first.
     * @param nextKey takes the key that follows.
     * @return false after the last.
     * @throws NativeCallException EBADF, EOPNOTSUPP.
     */
    public static boolean nextKey(final int fd, final MemorySegment key, final MemorySegment nextKey) {
        return isThere(LibBpfCalls.bpf_map_get_next_key(fd, key, nextKey), "walk", fd);
    }

    /**
     * {@code bpf_map_update_batch}: many elements in one system call; Linux 5.6, and not every type of map.
     *
     * @param fd the map.
     * @param keys one after the other.
     * @param values one after the other.
     * @param count how many.
     * @return how many were done; fewer than {@code count} only with an exception.
     * @throws NativeCallException EINVAL or EOPNOTSUPP (libbpf: ENOTSUPP 524) where kernel or type cannot; E2BIG.
     */
    public static int updateBatch(final int fd, final MemorySegment keys, final MemorySegment values, final int count) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment done = arena.allocateFrom(ValueLayout.JAVA_INT, count);
            final int result = LibBpfCalls.bpf_map_update_batch(fd, keys, values, done, batchOptions(arena));
            check(result, "update elements of", fd);
            return done.get(ValueLayout.JAVA_INT, 0);
        }
    }

    /**
     * {@code bpf_map_delete_batch}: many elements in one system call; Linux 5.6.
     *
     * @param fd the map.
     * @param keys one after the other.
     * @param count how many.
     * @return how many were deleted; fewer where one of them was not there, at which the kernel stops.
     * @throws NativeCallException EINVAL or EOPNOTSUPP (libbpf: ENOTSUPP 524) where kernel or type cannot.
     */
    public static int deleteBatch(final int fd, final MemorySegment keys, final int count) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment done = arena.allocateFrom(ValueLayout.JAVA_INT, count);
            isThere(LibBpfCalls.bpf_map_delete_batch(fd, keys, done, batchOptions(arena)), "delete elements of", fd);
            return done.get(ValueLayout.JAVA_INT, 0);
        }
    }

    /**
     * {@code bpf_map_lookup_batch}: reads many elements in one system call; Linux 5.6.
     *
     * @param fd the map.
     * @param cursor where the walk is: at least 8 bytes and at least a key; written by each call.
     * @param isFirst true to start the walk.
     * @param keys takes keys.
     * @param values takes values.
     * @param capacity elements that there is room for; for a hash at least its largest bucket.
     * @return elements read, with {@link Batch#isLast()} true when the walk is over.
     * @throws NativeCallException ENOSPC where a bucket has more than {@code capacity}; EINVAL where kernel or type
     *     cannot.
     */
    public static Batch lookupBatch(final int fd, final MemorySegment cursor, final boolean isFirst,
        final MemorySegment keys, final MemorySegment values, final int capacity) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment count = arena.allocateFrom(ValueLayout.JAVA_INT, capacity);
            final MemorySegment in = isFirst ? MemorySegment.NULL : cursor;
            final int result =
                libbpf_h.bpf_map_lookup_batch(fd, in, cursor, keys, values, count, batchOptions(arena));
            final boolean isMore = isThere(result, "read elements of", fd);
            return new Batch(count.get(ValueLayout.JAVA_INT, 0), !isMore);
        }
    }

    /**
     * What {@link #lookupBatch} read.
     *
     * @param count elements.
     * @param isLast whether the walk is over.
     */
    public record Batch(int count, boolean isLast) {
    }

    /**
     * {@code bpf_obj_get_info_by_fd} of a map.
     *
     * @param fd the map.
     * @return what the kernel knows of it.
     * @throws NativeCallException EBADF, EINVAL where it is something else.
     */
    public static MapInfo info(final int fd) {
        LibBpf.library();
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment info = bpf_map_info.allocate(arena).fill((byte)0);
            final MemorySegment length = arena.allocateFrom(ValueLayout.JAVA_INT, (int)info.byteSize());
            check(LibBpfCalls.bpf_obj_get_info_by_fd(fd, info, length), "ask about", fd);
            return new MapInfo(bpf_map_info.id(info), bpf_map_info.type(info), bpf_map_info.key_size(info),
                bpf_map_info.value_size(info), bpf_map_info.max_entries(info), bpf_map_info.map_flags(info),
                bpf_map_info.name(info).getString(0));
        }
    }

    /**
     * {@code libbpf_num_possible_cpus}: how many values an element of a per-CPU map has.
     *
     * @return processors that there could be.
     */
    public static int numPossibleCpus() {
        LibBpf.library();
        return LibBpf.check(LibBpfCalls.libbpf_num_possible_cpus(), "count", "possible processors");
    }

    private static MemorySegment batchOptions(final Arena arena) {
        final MemorySegment options = bpf_map_batch_opts.allocate(arena).fill((byte)0);
        bpf_map_batch_opts.sz(options, options.byteSize());
        return options;
    }

    private static boolean isThere(final int result, final String act, final int fd) {
        if (result == -Errno.ENOENT) {
            return false;
        }
        check(result, act, fd);
        return true;
    }

    private static void check(final int result, final String act, final int fd) {
        if (result < 0) {
            throw new NativeCallException(act, "map (fd " + fd + ')', -result);
        }
    }
}
