package io.caracal.control.felix;

import io.caracal.control.proto.Rule;
import io.caracal.control.proto.ToDataplane;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;

/** Feeds bytes to a session as Felix's connection would, and then a good stream, whose state must be all there is. */
public final class FelixBytes {
    private static final long FRAME_MAX_BYTES = 1 << 20;

    private final byte[] good;
    private final OrderCheckingListener expected = new OrderCheckingListener();

    private FelixBytes(final byte[] good) throws IOException {
        this.good = good;
        feed(good, new ChangeFeed(expected, key -> "good"));
    }

    /** A small cluster: settings, sets, policies, endpoints. */
    public static byte[] goodStream() {
        try {
            return Frames.bytes(Frames.config(), Frames.set("s:1", "10.65.0.0/16", "10.66.0.1/32"),
                Frames.policy("allow", Rule.newBuilder().setAction("allow").addSrcIpSetIds("s:1")),
                Frames.endpoint("web", "cali1", "allow"), Frames.endpoint("db", "cali2"), Frames.inSync(),
                Frames.set("s:1", "10.65.0.0/16"));
        } catch (final IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }

    public static FelixBytes ofGoodStream() {
        try {
            return new FelixBytes(goodStream());
        } catch (final IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }

    private static void feed(final byte[] bytes, final ChangeFeed feed) throws IOException {
        final FelixFrameReader reader = new FelixFrameReader(new ByteArrayInputStream(bytes), FRAME_MAX_BYTES);
        final FelixSession session = new FelixSession(feed, new FelixCounters());
        for (ToDataplane message = reader.next(); message != null; message = reader.next()) {
            session.take(message);
            session.flush();
        }
    }

    /** Anything but a {@link FelixProtocolException} with words is thrown on, and a state that is not the good one. */
    public void feedThenRecover(final byte[] bytes) throws IOException {
        final OrderCheckingListener listener = new OrderCheckingListener();
        final ChangeFeed feed = new ChangeFeed(listener, key -> "fuzz");
        try {
            feed(bytes, feed);
        } catch (final FelixProtocolException ended) {
            if (ended.getMessage().isBlank()) {
                throw new AssertionError("ended without a word", ended);
            }
        }
        feed(good, feed);
        if (!expected.network.equals(listener.network) || !expected.attached.equals(listener.attached)) {
            throw new AssertionError("not recovered: " + listener.network + " " + listener.attached);
        }
    }
}
