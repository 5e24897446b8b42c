package io.caracal.xdp.feature;

/**
 * The few eBPF instructions that probes are made of, {@code struct bpf_insn} as a little-endian long. Objects of clang
 * would be larger and would need what is being probed.
 */
final class Instructions {
    static final int R0 = 0;
    static final int R1 = 1;
    static final int R2 = 2;
    static final int R3 = 3;
    static final int R4 = 4;
    static final int R5 = 5;
    /** Kept over calls. */
    static final int R6 = 6;
    /** End of the stack frame. */
    static final int R10 = 10;

    private static final int MOVE_IMMEDIATE = 0xb7;
    private static final int MOVE_REGISTER = 0xbf;
    private static final int ADD_IMMEDIATE = 0x07;
    private static final int STORE_WORD = 0x62;
    private static final int STORE_DOUBLE_WORD = 0x7a;
    private static final int LOAD_IMMEDIATE = 0x18;
    private static final int JUMP_IF_EQUAL = 0x15;
    private static final int CALL = 0x85;
    private static final int EXIT = 0x95;
    /** BPF_PSEUDO_MAP_FD: the immediate is a descriptor, to be replaced by the map's address. */
    private static final int PSEUDO_MAP_FD = 1;

    private Instructions() {
    }

    private static long instruction(final int code, final int destination, final int source, final int offset,
        final int immediate) {
        return code | (long)destination << 8 | (long)source << 12 | (offset & 0xffffL) << 16 | (long)immediate << 32;
    }

    static long move(final int destination, final int immediate) {
        return instruction(MOVE_IMMEDIATE, destination, 0, 0, immediate);
    }

    static long copy(final int destination, final int source) {
        return instruction(MOVE_REGISTER, destination, source, 0, 0);
    }

    static long add(final int destination, final int immediate) {
        return instruction(ADD_IMMEDIATE, destination, 0, 0, immediate);
    }

    /** Zeroes four bytes of the stack; the offset is negative. */
    static long clearWord(final int stackOffset) {
        return instruction(STORE_WORD, R10, 0, stackOffset, 0);
    }

    /** Zeroes eight bytes of the stack; the offset is negative. */
    static long clearDoubleWord(final int stackOffset) {
        return instruction(STORE_DOUBLE_WORD, R10, 0, stackOffset, 0);
    }

    /** First half of an instruction of two. */
    static long loadMap(final int destination, final int mapFd) {
        return instruction(LOAD_IMMEDIATE, destination, PSEUDO_MAP_FD, 0, mapFd);
    }

    /** Second half of {@link #loadMap}. */
    static long loadMapEnd() {
        return 0;
    }

    /** Skips so many instructions when the register is 0. */
    static long skipIfZero(final int register, final int count) {
        return instruction(JUMP_IF_EQUAL, register, 0, count, 0);
    }

    /** Calls a helper by its number in {@code linux/bpf.h}. */
    static long call(final int helper) {
        return instruction(CALL, 0, 0, 0, helper);
    }

    static long exit() {
        return instruction(EXIT, 0, 0, 0, 0);
    }
}
