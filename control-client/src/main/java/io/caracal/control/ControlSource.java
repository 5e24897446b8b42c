package io.caracal.control;

import io.caracal.control.proto.ToDataplane;
import java.util.List;

/**
 * Where {@link ControlUpdate}s come from: manifests on disk, Felix, or whoever embeds the engine. One listener, one
 * start, one close; whoever starts a source closes it.
 */
public interface ControlSource extends AutoCloseable {
    /**
     * Begins to deliver. A source that has everything at hand delivers it, with {@link ControlUpdate.InSync}, on the
     * calling thread before it returns; later updates come from the source's own thread, one at a time, and happen
     * after this call.
     *
     * @param listener who is told; it must not block for long.
     * @throws ControlException      when the first state cannot be had; nothing has been delivered then.
     * @throws IllegalStateException when started before, or closed.
     */
    void start(ControlListener listener);

    /**
     * Whether it needs what only one engine of a node can have. An engine that takes another's place starts such a
     * source when that one has ended, and any other before, so that what is wrong with it ends nothing.
     *
     * @return false unless a source says otherwise.
     */
    default boolean isExclusive() {
        return false;
    }

    /**
     * Where it stands.
     *
     * @return as of now; any thread may ask.
     */
    SourceStatus status();

    /**
     * Everything that was said and holds now, also what could not be applied: as messages of Felix that would say it
     * again, in-sync last. Any thread may ask; large IP sets are copied meanwhile, and changes wait for that.
     *
     * @return the messages; empty before anything was said.
     */
    List<ToDataplane> said();

    /** Stops delivering: after it returns the listener is not called again. What was delivered stays in force. */
    @Override
    void close();
}
