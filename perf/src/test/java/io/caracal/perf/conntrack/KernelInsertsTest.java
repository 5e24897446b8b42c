package io.caracal.perf.conntrack;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.caracal.lab.Lab;
import io.caracal.perf.tool.NativeTools;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** That the peer of inserts does what it says: each packet is a flow of the kernel's. */
class KernelInsertsTest {
    @Test
    @Timeout(120)
    void shouldMakeAFlowOfEachPacket() throws Exception {
        try (NativeTools tools = NativeTools.open(); Lab lab = Lab.create("perftest");
            KernelInserts kernel = KernelInserts.open(tools, lab)) {
            final double forwarded = kernel.forwardedPerS();
            final double inserted = kernel.insertedPerS();
            System.out.printf("KernelInsertsTest: %.0f packets/s forwarded, %.0f flows/s inserted%n", forwarded, inserted);
            assertTrue(forwarded > 0 && inserted > 0, forwarded + " " + inserted);
        }
    }
}
