package io.caracal.worker;

import java.lang.invoke.VarHandle;

/**
 * Lets a worker sleep without missing what others give it: the worker announces its sleep and then looks for work once
 * more; a giver puts its work down and then looks whether the worker sleeps. With a full fence between the two steps on
 * both sides, at least one of them sees the other (Dekker's pattern), so either the worker stays awake or it is woken.
 *
 * <p>The worker's thread calls {@link #announceSleep} and {@link #awake}; any thread {@link #mustWake}.</p>
 *
 * <pre>{@code
 * gate.announceSleep();                 queue.offer(work);
 * if (queue.isEmpty()) { poll(); }      if (gate.mustWake()) { write(eventFd); }
 * gate.awake();
 * }</pre>
 */
public final class SleepGate {
    private volatile boolean asleep;

    /** Makes a gate with the worker awake. */
    public SleepGate() {
    }

    /** Says that the worker is about to sleep. It must look for work once more after this. */
    public void announceSleep() {
        asleep = true;
        VarHandle.fullFence();
    }

    /** Says that the worker is awake. */
    public void awake() {
        asleep = false;
    }

    /**
     * Whether the worker sleeps or is about to, without having seen what the caller gave it before this call.
     *
     * @return whether the caller must wake it.
     */
    public boolean mustWake() {
        VarHandle.fullFence();
        return asleep;
    }
}
