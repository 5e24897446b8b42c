package io.caracal.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import java.nio.file.Path;
import java.util.function.Consumer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.caracal.conntrack.BootIdentity;
import io.caracal.conntrack.ConntrackTimeouts;
import io.caracal.conntrack.FlowImage;
import io.caracal.conntrack.FlowImageSpec;
import io.caracal.conntrack.FlowRemovalListener;
import io.caracal.conntrack.FlowState;
import io.caracal.conntrack.FlowTableConfig;
import io.caracal.conntrack.Ipv4FlowSpec;
import io.caracal.conntrack.Ipv4FlowTable;
import io.caracal.wire.IpProtocol;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FlowsCommandTest {
    private static final int FLOWS = 20_000;
    private static final int POD = 12;
    private static final int PRINTED_FIRST = 1000;
    private static final long ADDRESSES = 0x0a000001_0a000002L;

    @TempDir
    private Path directory;

    private void makeFlows() {
        withFlows(table -> { });
    }

    /** A table of flows of one pod; the image stays when the table is closed. */
    private void withFlows(final Consumer<Ipv4FlowTable> body) {
        try (FlowImage image = FlowImage.open(directory.resolve("ipv4-flows-0"), new FlowImageSpec(4, FLOWS, 0, 1),
                BootIdentity.current());
            Ipv4FlowTable table = Ipv4FlowTable.open(image, new FlowTableConfig(ConntrackTimeouts.DEFAULTS, 64, 42),
                FlowRemovalListener.NONE, 1)) {
            final Ipv4FlowSpec flow = new Ipv4FlowSpec();
            for (int number = 0; number < FLOWS; number++) {
                flow.reset(ADDRESSES, number + 1, IpProtocol.UDP);
                flow.sourceIfindex = POD;
                flow.state = FlowState.UNREPLIED;
                flow.nowMs = 1;
                assertTrue(table.create(flow) >= 0, "flow " + number);
            }
            body.accept(table);
        }
    }

    private int run(final Writer out, final String... options) {
        final String[] words = new String[options.length + 5];
        System.arraycopy(new String[] {"flows", "--admin", directory.resolve("none").toString(), "--directory",
            directory.toString()}, 0, words, 0, 5);
        System.arraycopy(options, 0, words, 5, options.length);
        return CaracalCommand.commandLine().setOut(new PrintWriter(out)).execute(words);
    }

    @Test
    void shouldPrintEveryFlowAsJsonWithoutALimit() throws Exception {
        makeFlows();
        final StringWriter out = new StringWriter();
        assertEquals(0, run(out, "--json", "--limit", "0"));
        final JsonNode answer = new JsonMapper().readTree(out.toString());
        assertEquals(FLOWS, answer.path("flows").size());
        assertEquals(FLOWS, answer.path("matched").asInt());
        assertEquals(FLOWS, answer.path("total").asInt());
    }

    /** It holds none of them: what ends while others are being printed is not there when its turn comes. */
    @Test
    void shouldPrintWhileItReads() throws Exception {
        final EndingWriter out = new EndingWriter();
        withFlows(table -> {
            out.table = table;
            assertEquals(0, run(out, "--json", "--limit", "0"));
        });
        final JsonNode answer = new JsonMapper().readTree(out.text.toString());
        final int printed = answer.path("flows").size();
        assertTrue(printed >= PRINTED_FIRST - 1 && printed < 2 * PRINTED_FIRST, printed + " of " + FLOWS + " printed");
        assertEquals(printed, answer.path("total").asInt());
        assertTrue(out.longest < 1000, "a flow at a time, not " + out.longest + " characters");
    }

    /** Ends all flows of the pod when some have been printed. */
    private static final class EndingWriter extends Writer {
        private final StringBuilder text = new StringBuilder();
        private Ipv4FlowTable table;
        private int longest;
        private int flows;

        @Override
        public void write(final char[] characters, final int offset, final int length) {
            longest = Math.max(longest, length);
            text.append(characters, offset, length);
            if (length > 2 && ++flows == PRINTED_FIRST) {
                assertEquals(0, table.removeEndpoint(POD, FLOWS));
            }
        }

        @Override
        public void flush() {
            /* Nothing is kept back. */
        }

        @Override
        public void close() {
            table = null;
        }
    }

    @Test
    void shouldStopWhenWhoeverReadsHasGone() {
        makeFlows();
        final ClosedPipe pipe = new ClosedPipe();
        assertEquals(0, run(pipe, "--json", "--limit", "0"));
        assertTrue(pipe.writeCount < FLOWS / 4, "tried to write " + pipe.writeCount + " times");
    }

    /** What {@code head} leaves behind: every write fails, and none says so to whoever prints. */
    private static final class ClosedPipe extends Writer {
        private int writeCount;

        @Override
        public void write(final char[] text, final int offset, final int length) throws IOException {
            writeCount++;
            throw new IOException("Broken pipe");
        }

        @Override
        public void flush() throws IOException {
            throw new IOException("Broken pipe");
        }

        @Override
        public void close() {
            writeCount++;
        }
    }
}
