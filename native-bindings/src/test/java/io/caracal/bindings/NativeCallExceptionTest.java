package io.caracal.bindings;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class NativeCallExceptionTest {
    @Test
    void shouldNameActThingErrnoAndNextStep() {
        final NativeCallException failure = new NativeCallException("bind AF_XDP socket to", "punt1 queue 0",
            Errno.EBUSY, "another socket owns this queue; is another engine running?");

        assertEquals("bind AF_XDP socket to punt1 queue 0: EBUSY"
            + " (another socket owns this queue; is another engine running?)", failure.getMessage());
        assertEquals(Errno.EBUSY, failure.errno());
    }

    @Test
    void shouldSayWhatErrnoMeansInGeneral() {
        assertEquals("open /none: ENOENT (no such file or directory)",
            new NativeCallException("open", "/none", Errno.ENOENT).getMessage());
        assertEquals("open x: errno 512 (unknown error)", new NativeCallException("open", "x", 512).getMessage());
    }

    @Test
    void shouldUseWordsOfLibBpfFor4000AndMore() {
        final String message = new NativeCallException("open BPF object", "pod", 4001).getMessage();

        assertEquals("open BPF object pod: libbpf 4001 (BPF object format invalid)", message);
    }

    @Test
    void shouldCaptureErrnoOfTheFailedCall() {
        final NativeCallException failure =
            assertThrows(NativeCallException.class, () -> Fd.open("/none/such", Posix.O_RDONLY));

        assertEquals("open /none/such: ENOENT (no such file or directory)", failure.getMessage());
        final CallState state = new CallState();
        assertEquals(-1, LibC.close(state, 1 << 20));
        assertEquals(Errno.EBADF, state.errno());
    }

    @Test
    void shouldSayWhichPackageALibraryIsIn() {
        final NativeCallException failure =
            assertThrows(NativeCallException.class, () -> LibBpf.find("libbpf.so.999", "libbpf1"));

        assertEquals("load library libbpf.so.999: ENOENT"
            + " (it is not on this machine; install Debian's package libbpf1)", failure.getMessage());
        assertTrue(failure.getCause() instanceof IllegalArgumentException);
    }
}
