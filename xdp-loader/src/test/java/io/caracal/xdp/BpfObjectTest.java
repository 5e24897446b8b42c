package io.caracal.xdp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.bindings.Errno;
import io.caracal.bindings.NativeCallException;
import java.io.File;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Blueprints that are wrong and what is said about them; maps of every kind on the real kernel. */
final class BpfObjectTest {
    private static BpfObjectSpec spec(final String name) {
        return BpfObjectSpec.fromResource(name, BpfObjectTest.class, "/bpf/" + name + ".bpf.o");
    }

    private static int descriptorCount() {
        return new File("/proc/self/fd").list().length;
    }

    @Test
    void shouldQuoteTheTellingLineOfTheVerifier() {
        final VerifierException refused = assertThrows(VerifierException.class, () -> BpfObject.load(spec("refused")));
        assertTrue(refused.getMessage().matches(
            "load program reads_past_the_end of refused: the verifier says "
                + "\"R\\d offset is outside of the packet\" \\(\\d+ lines omitted\\)"),
            refused.getMessage());
        assertTrue(refused.log().lines().count() > 3 && refused.log().contains("processed "), refused.log());
        assertTrue(refused.getCause() instanceof NativeCallException);
    }

    @Test
    void shouldSayWhatIsWrongWithABlueprint() {
        final byte[] noElf = "not an ELF file".getBytes(java.nio.charset.StandardCharsets.US_ASCII);
        final NativeCallException format = assertThrows(NativeCallException.class,
            () -> BpfObject.load(BpfObjectSpec.of("noelf", noElf)));
        assertTrue(format.getMessage().startsWith("open BPF object noelf: "), format.getMessage());
        assertThrows(NativeCallException.class, () -> BpfObject.load(BpfObjectSpec.of("empty", new byte[0])));
        final byte[] cut = java.util.Arrays.copyOf(spec("maps").elf(), 700);
        assertThrows(NativeCallException.class, () -> BpfObject.load(BpfObjectSpec.of("cut", cut)));
        final NativeCallException noMap = assertThrows(NativeCallException.class,
            () -> BpfObject.load(spec("maps").withMapSize("nowhere", 1)));
        assertEquals(Errno.ENOENT, noMap.errno());
        assertTrue(noMap.getMessage().contains("find map nowhere in BPF object maps"), noMap.getMessage());
        final IllegalArgumentException noFile = assertThrows(IllegalArgumentException.class, () -> spec("absent"));
        assertTrue(noFile.getMessage().contains("/bpf/absent.bpf.o is not in the jar"), noFile.getMessage());
    }

    /**
     * NB: a hash, whose number of buckets the kernel checks before it allocates; an array of this size it would try to
     * make.
     */
    @Test
    void shouldRefuseAMapThatIsTooLargeOrHasNoRoom() {
        final NativeCallException tooLarge =
            assertThrows(NativeCallException.class, () -> BpfObject.load(spec("maps").withMapSize("names",
            Integer.MAX_VALUE)));
        assertEquals(Errno.E2BIG, tooLarge.errno(), tooLarge.getMessage());
        assertThrows(IllegalArgumentException.class, () -> spec("maps").withMapSize("names", 0));
    }

    @Test
    void shouldListWhatThereIsWhenAProgramOrMapIsMissing() {
        try (BpfObject object = BpfObject.load(spec("maps"))) {
            assertEquals("eBPF object maps has no program nobody, only [counts_and_passes]",
                assertThrows(IllegalArgumentException.class, () -> object.program("nobody")).getMessage());
            assertTrue(assertThrows(IllegalArgumentException.class, () -> object.map("nowhere")).getMessage()
                .contains("only [counts, names, sockets, squares]"));
        }
    }

    @Test
    void shouldLeaveNoDescriptorBehindWhateverHappens() {
        BpfObject.load(spec("maps")).close();
        final int before = descriptorCount();
        BpfObject.load(spec("maps")).close();
        assertThrows(VerifierException.class, () -> BpfObject.load(spec("refused")));
        final BpfObject object = BpfObject.load(spec("maps"));
        object.close();
        object.close();
        assertThrows(IllegalStateException.class, () -> object.map("squares"));
        assertEquals(before, descriptorCount());
    }

    @Test
    void shouldReadWriteDeleteAndListAHash() {
        try (BpfObject object = BpfObject.load(spec("maps").withMapSize("names", 300))) {
            final BpfMap<Long, Integer> names = object.map("names").typed(MapCodec.U64, MapCodec.U32);
            assertEquals(Optional.empty(), names.lookup(7L));
            names.update(7L, 49);
            names.update(7L, 50);
            assertEquals(Optional.of(50), names.lookup(7L));
            assertTrue(names.delete(7L));
            assertFalse(names.delete(7L));
            final Map<Long, Integer> many = new HashMap<>();
            Stream.iterate(1L, key -> key * 3 + 1).limit(300).forEach(key -> many.put(key, key.intValue() ^ 5));
            names.updateAll(many);
            final Map<Long, Integer> read = new HashMap<>();
            names.forEach(read::put);
            assertEquals(many, read);
            final NativeCallException full = assertThrows(NativeCallException.class, () -> names.update(-1L, 0));
            assertEquals("write entry of map names: E2BIG (it has room for 300 entries)", full.getMessage());
            names.delete(1L);
            assertThrows(NativeCallException.class, () -> names.updateAll(Map.of(-1L, 1, -2L, 2)));
        }
    }

    @Test
    void shouldReadAndWriteAnArray() {
        try (BpfObject object = BpfObject.load(spec("maps"))) {
            final BpfMap<Integer, Long> squares = object.map("squares").typed(MapCodec.U32, MapCodec.U64);
            squares.updateAll(Map.of(0, 0L, 3, 9L));
            assertEquals(Optional.of(9L), squares.lookup(3));
            assertEquals(Optional.of(0L), squares.lookup(1));
            assertEquals(Optional.empty(), squares.lookup(4));
            assertThrows(NativeCallException.class, () -> squares.update(4, 16L));
            final Map<Integer, Long> read = new HashMap<>();
            squares.forEach(read::put);
            assertEquals(Map.of(0, 0L, 1, 0L, 2, 0L, 3, 9L), read);
        }
    }

    @Test
    void shouldSumTheCpusOfACounter() {
        try (BpfObject object = BpfObject.load(spec("maps"))) {
            final PerCpuBpfMap<Integer, Integer> counts = object.map("counts").perCpu(MapCodec.U32, MapCodec.U32,
                Integer::sum);
            assertEquals(Optional.empty(), counts.lookup(5));
            counts.update(5, 2);
            final int cpuCount = io.caracal.bindings.BpfMaps.numPossibleCpus();
            assertEquals(Optional.of(2 * cpuCount), counts.lookup(5));
            final Map<Integer, Integer> read = new HashMap<>();
            counts.forEach(read::put);
            assertEquals(Map.of(5, 2 * cpuCount), read);
            assertTrue(counts.delete(5));
        }
    }

    @Test
    void shouldRefuseCodecsThatDoNotFitTheMap() {
        try (BpfObject object = BpfObject.load(spec("maps"))) {
            final IllegalArgumentException size =
                assertThrows(IllegalArgumentException.class, () ->
                object.map("names").typed(MapCodec.U32, MapCodec.U32));
            assertTrue(
                size.getMessage().startsWith("map names has keys of 8 and values of 4 bytes, the codecs 4 and 4"),
                size.getMessage());
            assertThrows(IllegalArgumentException.class,
                () -> object.map("counts").typed(MapCodec.U32, MapCodec.U32));
            assertThrows(IllegalArgumentException.class, () ->
                object.map("names").perCpu(MapCodec.U64, MapCodec.U32, Integer::sum));
            assertThrows(IllegalArgumentException.class, () -> object.map("sockets").typed(MapCodec.U32, MapCodec.U32));
            assertThrows(IllegalArgumentException.class, () -> object.xskMap("names"));
        }
    }

    @Test
    void shouldUseAMapOfAnotherObject() {
        try (BpfObject owner = BpfObject.load(spec("maps"));
             BpfObject user = BpfObject.load(spec("maps").withSharedMap(owner.map("names")))) {
            assertEquals(owner.map("names").id(), user.map("names").id());
            assertTrue(owner.map("squares").id() != user.map("squares").id());
            owner.map("names").typed(MapCodec.U64, MapCodec.U32).update(1L, 11);
            assertEquals(Optional.of(11), user.map("names").typed(MapCodec.U64, MapCodec.U32).lookup(1L));
        }
    }

    @Test
    void shouldOnlyTakeAfXdpSocketsIntoTheMapOfSockets() {
        try (BpfObject object = BpfObject.load(spec("maps"));
             io.caracal.bindings.Fd udp = io.caracal.bindings.Fd.socket(io.caracal.bindings.Posix.AF_INET,
                 io.caracal.bindings.Posix.SOCK_DGRAM, 0)) {
            final XskMap sockets = object.xskMap("sockets");
            final NativeCallException refused = assertThrows(NativeCallException.class,
                () -> sockets.set(0, udp.number()));
            assertEquals(Errno.EOPNOTSUPP, refused.errno(), refused.getMessage());
            assertThrows(NativeCallException.class, () -> sockets.clear(2));
        }
    }
}
