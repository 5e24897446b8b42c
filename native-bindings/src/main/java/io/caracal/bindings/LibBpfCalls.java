package io.caracal.bindings;

import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;

/**
 * The functions of libbpf that Caracal calls, named and typed as in C (a test compares the types with jextract's
 * descriptors): they return what the C function returns. Why not through jextract's handles: see {@link Downcalls}; the
 * one function with more than six parameters, {@code bpf_map_lookup_batch}, is.
 * Whoever calls has had {@link LibBpf#library()} before.
 */
final class LibBpfCalls {
    private LibBpfCalls() {
    }

    /** {@code bpf_link_get_fd_by_id}. */
    static int bpf_link_get_fd_by_id(final int id) {
        return (int)Downcalls.callPlain(Functions.BPF_LINK_GET_FD_BY_ID, id);
    }

    /** {@code bpf_link_get_next_id}. */
    static int bpf_link_get_next_id(final int startId, final MemorySegment nextId) {
        final long result = Downcalls.callPlain(Functions.BPF_LINK_GET_NEXT_ID, startId, Downcalls.address(nextId));
        Reference.reachabilityFence(nextId);
        return (int)result;
    }

    /** {@code bpf_map__fd}. */
    static int bpf_map__fd(final MemorySegment map) {
        final long result = Downcalls.callPlain(Functions.BPF_MAP_FD, Downcalls.address(map));
        Reference.reachabilityFence(map);
        return (int)result;
    }

    /** {@code bpf_map__key_size}. */
    static int bpf_map__key_size(final MemorySegment map) {
        final long result = Downcalls.callPlain(Functions.BPF_MAP_KEY_SIZE, Downcalls.address(map));
        Reference.reachabilityFence(map);
        return (int)result;
    }

    /** {@code bpf_map__max_entries}. */
    static int bpf_map__max_entries(final MemorySegment map) {
        final long result = Downcalls.callPlain(Functions.BPF_MAP_MAX_ENTRIES, Downcalls.address(map));
        Reference.reachabilityFence(map);
        return (int)result;
    }

    /** {@code bpf_map__name}. */
    static MemorySegment bpf_map__name(final MemorySegment map) {
        final long result = Downcalls.callPlain(Functions.BPF_MAP_NAME, Downcalls.address(map));
        Reference.reachabilityFence(map);
        return Downcalls.pointer(result);
    }

    /** {@code bpf_map__reuse_fd}. */
    static int bpf_map__reuse_fd(final MemorySegment map, final int fd) {
        final long result = Downcalls.callPlain(Functions.BPF_MAP_REUSE_FD, Downcalls.address(map), fd);
        Reference.reachabilityFence(map);
        return (int)result;
    }

    /** {@code bpf_map__set_autocreate}. */
    static int bpf_map__set_autocreate(final MemorySegment map, final boolean autocreate) {
        final long result = Downcalls.callPlain(
            Functions.BPF_MAP_SET_AUTOCREATE, Downcalls.address(map), autocreate ? 1 : 0);
        Reference.reachabilityFence(map);
        return (int)result;
    }

    /** {@code bpf_map__set_initial_value}. */
    static int bpf_map__set_initial_value(final MemorySegment map, final MemorySegment data, final long size) {
        final long result = Downcalls.callPlain(
            Functions.BPF_MAP_SET_INITIAL_VALUE, Downcalls.address(map), Downcalls.address(data), size);
        Reference.reachabilityFence(map);
        Reference.reachabilityFence(data);
        return (int)result;
    }

    /** {@code bpf_map__set_max_entries}. */
    static int bpf_map__set_max_entries(final MemorySegment map, final int maxEntries) {
        final long result = Downcalls.callPlain(Functions.BPF_MAP_SET_MAX_ENTRIES, Downcalls.address(map), maxEntries);
        Reference.reachabilityFence(map);
        return (int)result;
    }

    /** {@code bpf_map__type}. */
    static int bpf_map__type(final MemorySegment map) {
        final long result = Downcalls.callPlain(Functions.BPF_MAP_TYPE, Downcalls.address(map));
        Reference.reachabilityFence(map);
        return (int)result;
    }

    /** {@code bpf_map__value_size}. */
    static int bpf_map__value_size(final MemorySegment map) {
        final long result = Downcalls.callPlain(Functions.BPF_MAP_VALUE_SIZE, Downcalls.address(map));
        Reference.reachabilityFence(map);
        return (int)result;
    }

    /** {@code bpf_map_create}. */
    static int bpf_map_create(final int mapType, final MemorySegment mapName, final int keySize,
        final int valueSize, final int maxEntries, final MemorySegment opts) {
        final long result = Downcalls.callPlain(
            Functions.BPF_MAP_CREATE, mapType, Downcalls.address(mapName), keySize, valueSize, maxEntries,
            Downcalls.address(opts));
        Reference.reachabilityFence(mapName);
        Reference.reachabilityFence(opts);
        return (int)result;
    }

    /** {@code bpf_map_delete_batch}. */
    static int bpf_map_delete_batch(final int fd, final MemorySegment keys, final MemorySegment count,
        final MemorySegment opts) {
        final long result = Downcalls.callPlain(
            Functions.BPF_MAP_DELETE_BATCH, fd, Downcalls.address(keys), Downcalls.address(count),
            Downcalls.address(opts));
        Reference.reachabilityFence(keys);
        Reference.reachabilityFence(count);
        Reference.reachabilityFence(opts);
        return (int)result;
    }

    /** {@code bpf_map_delete_elem}. */
    static int bpf_map_delete_elem(final int fd, final MemorySegment key) {
        final long result = Downcalls.callPlain(Functions.BPF_MAP_DELETE_ELEM, fd, Downcalls.address(key));
        Reference.reachabilityFence(key);
        return (int)result;
    }

    /** {@code bpf_map_get_next_key}. */
    static int bpf_map_get_next_key(final int fd, final MemorySegment key, final MemorySegment nextKey) {
        final long result = Downcalls.callPlain(
            Functions.BPF_MAP_GET_NEXT_KEY, fd, Downcalls.address(key), Downcalls.address(nextKey));
        Reference.reachabilityFence(key);
        Reference.reachabilityFence(nextKey);
        return (int)result;
    }

    /** {@code bpf_map_lookup_elem}. */
    static int bpf_map_lookup_elem(final int fd, final MemorySegment key, final MemorySegment value) {
        final long result = Downcalls.callPlain(
            Functions.BPF_MAP_LOOKUP_ELEM, fd, Downcalls.address(key), Downcalls.address(value));
        Reference.reachabilityFence(key);
        Reference.reachabilityFence(value);
        return (int)result;
    }

    /** {@code bpf_map_update_batch}. */
    static int bpf_map_update_batch(final int fd, final MemorySegment keys, final MemorySegment values,
        final MemorySegment count, final MemorySegment opts) {
        final long result = Downcalls.callPlain(
            Functions.BPF_MAP_UPDATE_BATCH, fd, Downcalls.address(keys), Downcalls.address(values),
            Downcalls.address(count), Downcalls.address(opts));
        Reference.reachabilityFence(keys);
        Reference.reachabilityFence(values);
        Reference.reachabilityFence(count);
        Reference.reachabilityFence(opts);
        return (int)result;
    }

    /** {@code bpf_map_update_elem}. */
    static int bpf_map_update_elem(final int fd, final MemorySegment key, final MemorySegment value,
        final long flags) {
        final long result = Downcalls.callPlain(
            Functions.BPF_MAP_UPDATE_ELEM, fd, Downcalls.address(key), Downcalls.address(value), flags);
        Reference.reachabilityFence(key);
        Reference.reachabilityFence(value);
        return (int)result;
    }

    /** {@code bpf_obj_get}. */
    static int bpf_obj_get(final MemorySegment pathname) {
        final long result = Downcalls.callPlain(Functions.BPF_OBJ_GET, Downcalls.address(pathname));
        Reference.reachabilityFence(pathname);
        return (int)result;
    }

    /** {@code bpf_obj_get_info_by_fd}. */
    static int bpf_obj_get_info_by_fd(final int bpfFd, final MemorySegment info, final MemorySegment infoLen) {
        final long result = Downcalls.callPlain(
            Functions.BPF_OBJ_GET_INFO_BY_FD, bpfFd, Downcalls.address(info), Downcalls.address(infoLen));
        Reference.reachabilityFence(info);
        Reference.reachabilityFence(infoLen);
        return (int)result;
    }

    /** {@code bpf_obj_pin}. */
    static int bpf_obj_pin(final int fd, final MemorySegment pathname) {
        final long result = Downcalls.callPlain(Functions.BPF_OBJ_PIN, fd, Downcalls.address(pathname));
        Reference.reachabilityFence(pathname);
        return (int)result;
    }

    /** {@code bpf_object__close}. */
    static void bpf_object__close(final MemorySegment object) {
        Downcalls.callPlain(Functions.BPF_OBJECT_CLOSE, Downcalls.address(object));
        Reference.reachabilityFence(object);
    }

    /** {@code bpf_object__find_map_by_name}. */
    static MemorySegment bpf_object__find_map_by_name(final MemorySegment obj, final MemorySegment name) {
        final long result = Downcalls.callPlain(
            Functions.BPF_OBJECT_FIND_MAP_BY_NAME, Downcalls.address(obj), Downcalls.address(name));
        Reference.reachabilityFence(obj);
        Reference.reachabilityFence(name);
        return Downcalls.pointer(result);
    }

    /** {@code bpf_object__find_program_by_name}. */
    static MemorySegment bpf_object__find_program_by_name(final MemorySegment obj, final MemorySegment name) {
        final long result = Downcalls.callPlain(
            Functions.BPF_OBJECT_FIND_PROGRAM_BY_NAME, Downcalls.address(obj), Downcalls.address(name));
        Reference.reachabilityFence(obj);
        Reference.reachabilityFence(name);
        return Downcalls.pointer(result);
    }

    /** {@code bpf_object__load}. */
    static int bpf_object__load(final MemorySegment obj) {
        final long result = Downcalls.callPlain(Functions.BPF_OBJECT_LOAD, Downcalls.address(obj));
        Reference.reachabilityFence(obj);
        return (int)result;
    }

    /** {@code bpf_object__name}. */
    static MemorySegment bpf_object__name(final MemorySegment obj) {
        final long result = Downcalls.callPlain(Functions.BPF_OBJECT_NAME, Downcalls.address(obj));
        Reference.reachabilityFence(obj);
        return Downcalls.pointer(result);
    }

    /** {@code bpf_object__next_map}. */
    static MemorySegment bpf_object__next_map(final MemorySegment obj, final MemorySegment map) {
        final long result = Downcalls.callPlain(
            Functions.BPF_OBJECT_NEXT_MAP, Downcalls.address(obj), Downcalls.address(map));
        Reference.reachabilityFence(obj);
        Reference.reachabilityFence(map);
        return Downcalls.pointer(result);
    }

    /** {@code bpf_object__next_program}. */
    static MemorySegment bpf_object__next_program(final MemorySegment obj, final MemorySegment prog) {
        final long result = Downcalls.callPlain(
            Functions.BPF_OBJECT_NEXT_PROGRAM, Downcalls.address(obj), Downcalls.address(prog));
        Reference.reachabilityFence(obj);
        Reference.reachabilityFence(prog);
        return Downcalls.pointer(result);
    }

    /** {@code bpf_prog_get_fd_by_id}. */
    static int bpf_prog_get_fd_by_id(final int id) {
        return (int)Downcalls.callPlain(Functions.BPF_PROG_GET_FD_BY_ID, id);
    }

    /** {@code bpf_prog_get_next_id}. */
    static int bpf_prog_get_next_id(final int startId, final MemorySegment nextId) {
        final long result = Downcalls.callPlain(Functions.BPF_PROG_GET_NEXT_ID, startId, Downcalls.address(nextId));
        Reference.reachabilityFence(nextId);
        return (int)result;
    }

    /** {@code bpf_prog_load}. */
    static int bpf_prog_load(final int progType, final MemorySegment progName, final MemorySegment license,
        final MemorySegment insns, final long insnCnt, final MemorySegment opts) {
        final long result = Downcalls.callPlain(
            Functions.BPF_PROG_LOAD, progType, Downcalls.address(progName), Downcalls.address(license),
            Downcalls.address(insns), insnCnt, Downcalls.address(opts));
        Reference.reachabilityFence(progName);
        Reference.reachabilityFence(license);
        Reference.reachabilityFence(insns);
        Reference.reachabilityFence(opts);
        return (int)result;
    }

    /** {@code bpf_prog_test_run_opts}. */
    static int bpf_prog_test_run_opts(final int progFd, final MemorySegment opts) {
        final long result = Downcalls.callPlain(Functions.BPF_PROG_TEST_RUN_OPTS, progFd, Downcalls.address(opts));
        Reference.reachabilityFence(opts);
        return (int)result;
    }

    /** {@code bpf_program__fd}. */
    static int bpf_program__fd(final MemorySegment prog) {
        final long result = Downcalls.callPlain(Functions.BPF_PROGRAM_FD, Downcalls.address(prog));
        Reference.reachabilityFence(prog);
        return (int)result;
    }

    /** {@code bpf_program__name}. */
    static MemorySegment bpf_program__name(final MemorySegment prog) {
        final long result = Downcalls.callPlain(Functions.BPF_PROGRAM_NAME, Downcalls.address(prog));
        Reference.reachabilityFence(prog);
        return Downcalls.pointer(result);
    }

    /** {@code bpf_program__section_name}. */
    static MemorySegment bpf_program__section_name(final MemorySegment prog) {
        final long result = Downcalls.callPlain(Functions.BPF_PROGRAM_SECTION_NAME, Downcalls.address(prog));
        Reference.reachabilityFence(prog);
        return Downcalls.pointer(result);
    }

    /** {@code bpf_program__set_autoload}. */
    static int bpf_program__set_autoload(final MemorySegment prog, final boolean autoload) {
        final long result = Downcalls.callPlain(
            Functions.BPF_PROGRAM_SET_AUTOLOAD, Downcalls.address(prog), autoload ? 1 : 0);
        Reference.reachabilityFence(prog);
        return (int)result;
    }

    /** {@code bpf_program__set_log_buf}. */
    static int bpf_program__set_log_buf(final MemorySegment prog, final MemorySegment logBuf, final long logSize) {
        final long result = Downcalls.callPlain(
            Functions.BPF_PROGRAM_SET_LOG_BUF, Downcalls.address(prog), Downcalls.address(logBuf), logSize);
        Reference.reachabilityFence(prog);
        Reference.reachabilityFence(logBuf);
        return (int)result;
    }

    /** {@code bpf_program__set_log_level}. */
    static int bpf_program__set_log_level(final MemorySegment prog, final int logLevel) {
        final long result = Downcalls.callPlain(Functions.BPF_PROGRAM_SET_LOG_LEVEL, Downcalls.address(prog), logLevel);
        Reference.reachabilityFence(prog);
        return (int)result;
    }

    /** {@code bpf_tc_attach}. */
    static int bpf_tc_attach(final MemorySegment hook, final MemorySegment opts) {
        final long result = Downcalls.callPlain(
            Functions.BPF_TC_ATTACH, Downcalls.address(hook), Downcalls.address(opts));
        Reference.reachabilityFence(hook);
        Reference.reachabilityFence(opts);
        return (int)result;
    }

    /** {@code bpf_tc_detach}. */
    static int bpf_tc_detach(final MemorySegment hook, final MemorySegment opts) {
        final long result = Downcalls.callPlain(
            Functions.BPF_TC_DETACH, Downcalls.address(hook), Downcalls.address(opts));
        Reference.reachabilityFence(hook);
        Reference.reachabilityFence(opts);
        return (int)result;
    }

    /** {@code bpf_tc_hook_create}. */
    static int bpf_tc_hook_create(final MemorySegment hook) {
        final long result = Downcalls.callPlain(Functions.BPF_TC_HOOK_CREATE, Downcalls.address(hook));
        Reference.reachabilityFence(hook);
        return (int)result;
    }

    /** {@code bpf_tc_hook_destroy}. */
    static int bpf_tc_hook_destroy(final MemorySegment hook) {
        final long result = Downcalls.callPlain(Functions.BPF_TC_HOOK_DESTROY, Downcalls.address(hook));
        Reference.reachabilityFence(hook);
        return (int)result;
    }

    /** {@code bpf_tc_query}. */
    static int bpf_tc_query(final MemorySegment hook, final MemorySegment opts) {
        final long result = Downcalls.callPlain(
            Functions.BPF_TC_QUERY, Downcalls.address(hook), Downcalls.address(opts));
        Reference.reachabilityFence(hook);
        Reference.reachabilityFence(opts);
        return (int)result;
    }

    /** {@code bpf_xdp_attach}. */
    static int bpf_xdp_attach(final int ifindex, final int progFd, final int flags, final MemorySegment opts) {
        final long result = Downcalls.callPlain(
            Functions.BPF_XDP_ATTACH, ifindex, progFd, flags, Downcalls.address(opts));
        Reference.reachabilityFence(opts);
        return (int)result;
    }

    /** {@code bpf_xdp_detach}. */
    static int bpf_xdp_detach(final int ifindex, final int flags, final MemorySegment opts) {
        final long result = Downcalls.callPlain(Functions.BPF_XDP_DETACH, ifindex, flags, Downcalls.address(opts));
        Reference.reachabilityFence(opts);
        return (int)result;
    }

    /** {@code bpf_xdp_query}. */
    static int bpf_xdp_query(final int ifindex, final int flags, final MemorySegment opts) {
        final long result = Downcalls.callPlain(Functions.BPF_XDP_QUERY, ifindex, flags, Downcalls.address(opts));
        Reference.reachabilityFence(opts);
        return (int)result;
    }

    /** {@code libbpf_num_possible_cpus}. */
    static int libbpf_num_possible_cpus() {
        return (int)Downcalls.callPlain(Functions.LIBBPF_NUM_POSSIBLE_CPUS);
    }

    /** {@code libbpf_set_print}. */
    static MemorySegment libbpf_set_print(final MemorySegment fn) {
        final long result = Downcalls.callPlain(Functions.LIBBPF_SET_PRINT, Downcalls.address(fn));
        Reference.reachabilityFence(fn);
        return Downcalls.pointer(result);
    }

    /** {@code libbpf_strerror}. */
    static int libbpf_strerror(final int err, final MemorySegment buf, final long size) {
        final long result = Downcalls.callPlain(Functions.LIBBPF_STRERROR, err, Downcalls.address(buf), size);
        Reference.reachabilityFence(buf);
        return (int)result;
    }

    /** {@code libbpf_version_string}. */
    static MemorySegment libbpf_version_string() {
        final long result = Downcalls.callPlain(Functions.LIBBPF_VERSION_STRING);
        return Downcalls.pointer(result);
    }

    /** Where they are; found when the first is called. */
    private static final class Functions {
        static final MemorySegment BPF_LINK_GET_FD_BY_ID = find("bpf_link_get_fd_by_id");
        static final MemorySegment BPF_LINK_GET_NEXT_ID = find("bpf_link_get_next_id");
        static final MemorySegment BPF_MAP_FD = find("bpf_map__fd");
        static final MemorySegment BPF_MAP_KEY_SIZE = find("bpf_map__key_size");
        static final MemorySegment BPF_MAP_MAX_ENTRIES = find("bpf_map__max_entries");
        static final MemorySegment BPF_MAP_NAME = find("bpf_map__name");
        static final MemorySegment BPF_MAP_REUSE_FD = find("bpf_map__reuse_fd");
        static final MemorySegment BPF_MAP_SET_AUTOCREATE = find("bpf_map__set_autocreate");
        static final MemorySegment BPF_MAP_SET_INITIAL_VALUE = find("bpf_map__set_initial_value");
        static final MemorySegment BPF_MAP_SET_MAX_ENTRIES = find("bpf_map__set_max_entries");
        static final MemorySegment BPF_MAP_TYPE = find("bpf_map__type");
        static final MemorySegment BPF_MAP_VALUE_SIZE = find("bpf_map__value_size");
        static final MemorySegment BPF_MAP_CREATE = find("bpf_map_create");
        static final MemorySegment BPF_MAP_DELETE_BATCH = find("bpf_map_delete_batch");
        static final MemorySegment BPF_MAP_DELETE_ELEM = find("bpf_map_delete_elem");
        static final MemorySegment BPF_MAP_GET_NEXT_KEY = find("bpf_map_get_next_key");
        static final MemorySegment BPF_MAP_LOOKUP_ELEM = find("bpf_map_lookup_elem");
        static final MemorySegment BPF_MAP_UPDATE_BATCH = find("bpf_map_update_batch");
        static final MemorySegment BPF_MAP_UPDATE_ELEM = find("bpf_map_update_elem");
        static final MemorySegment BPF_OBJ_GET = find("bpf_obj_get");
        static final MemorySegment BPF_OBJ_GET_INFO_BY_FD = find("bpf_obj_get_info_by_fd");
        static final MemorySegment BPF_OBJ_PIN = find("bpf_obj_pin");
        static final MemorySegment BPF_OBJECT_CLOSE = find("bpf_object__close");
        static final MemorySegment BPF_OBJECT_FIND_MAP_BY_NAME = find("bpf_object__find_map_by_name");
        static final MemorySegment BPF_OBJECT_FIND_PROGRAM_BY_NAME = find("bpf_object__find_program_by_name");
        static final MemorySegment BPF_OBJECT_LOAD = find("bpf_object__load");
        static final MemorySegment BPF_OBJECT_NAME = find("bpf_object__name");
        static final MemorySegment BPF_OBJECT_NEXT_MAP = find("bpf_object__next_map");
        static final MemorySegment BPF_OBJECT_NEXT_PROGRAM = find("bpf_object__next_program");
        static final MemorySegment BPF_PROG_GET_FD_BY_ID = find("bpf_prog_get_fd_by_id");
        static final MemorySegment BPF_PROG_GET_NEXT_ID = find("bpf_prog_get_next_id");
        static final MemorySegment BPF_PROG_LOAD = find("bpf_prog_load");
        static final MemorySegment BPF_PROG_TEST_RUN_OPTS = find("bpf_prog_test_run_opts");
        static final MemorySegment BPF_PROGRAM_FD = find("bpf_program__fd");
        static final MemorySegment BPF_PROGRAM_NAME = find("bpf_program__name");
        static final MemorySegment BPF_PROGRAM_SECTION_NAME = find("bpf_program__section_name");
        static final MemorySegment BPF_PROGRAM_SET_AUTOLOAD = find("bpf_program__set_autoload");
        static final MemorySegment BPF_PROGRAM_SET_LOG_BUF = find("bpf_program__set_log_buf");
        static final MemorySegment BPF_PROGRAM_SET_LOG_LEVEL = find("bpf_program__set_log_level");
        static final MemorySegment BPF_TC_ATTACH = find("bpf_tc_attach");
        static final MemorySegment BPF_TC_DETACH = find("bpf_tc_detach");
        static final MemorySegment BPF_TC_HOOK_CREATE = find("bpf_tc_hook_create");
        static final MemorySegment BPF_TC_HOOK_DESTROY = find("bpf_tc_hook_destroy");
        static final MemorySegment BPF_TC_QUERY = find("bpf_tc_query");
        static final MemorySegment BPF_XDP_ATTACH = find("bpf_xdp_attach");
        static final MemorySegment BPF_XDP_DETACH = find("bpf_xdp_detach");
        static final MemorySegment BPF_XDP_QUERY = find("bpf_xdp_query");
        static final MemorySegment LIBBPF_NUM_POSSIBLE_CPUS = find("libbpf_num_possible_cpus");
        static final MemorySegment LIBBPF_SET_PRINT = find("libbpf_set_print");
        static final MemorySegment LIBBPF_STRERROR = find("libbpf_strerror");
        static final MemorySegment LIBBPF_VERSION_STRING = find("libbpf_version_string");

        private Functions() {
        }

        private static MemorySegment find(final String function) {
            return Downcalls.in(LibBpf.library(), function);
        }
    }
}
