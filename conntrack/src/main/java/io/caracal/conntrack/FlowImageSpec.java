package io.caracal.conntrack;

/**
 * Blueprint of one mapped file: which flows it holds and how many.
 *
 * @param ipVersion 4 or 6.
 * @param capacity flows it has room for, 1 .. {@link #MAX_CAPACITY}.
 * @param shardIndex which worker's, from 0.
 * @param shardCount workers that share the node's flows; the file of another count belongs to another sharding.
 */
public record FlowImageSpec(int ipVersion, int capacity, int shardIndex, int shardCount) {
    /** A slot and a direction share an int, of which a negative one means "none". */
    public static final int MAX_CAPACITY = 1 << 29;

    /** Checks the ranges. */
    public FlowImageSpec {
        if (ipVersion != 4 && ipVersion != 6) {
            throw new IllegalArgumentException("ipVersion: " + ipVersion + " is neither 4 nor 6");
        }
        if (capacity < 1 || capacity > MAX_CAPACITY) {
            throw new IllegalArgumentException("capacity: " + capacity + " is not within 1 .. " + MAX_CAPACITY);
        }
        if (shardCount < 1 || shardIndex < 0 || shardIndex >= shardCount) {
            throw new IllegalArgumentException("shard: " + shardIndex + " of " + shardCount);
        }
    }

    int recordSize() {
        return ipVersion == 4 ? FlowRecord.IPV4_SIZE : FlowRecord.IPV6_SIZE;
    }

    /** Bytes of the whole file: header page, records, accounts. */
    long fileSize() {
        return FlowImage.HEADER_SIZE + (long)capacity * (recordSize() + FlowAccount.SIZE);
    }
}
