package io.caracal.port;

import io.caracal.burst.PacketBurst;

/** A port that stands before another one and changes what it needs to; all else goes through. Owns the other one. */
public abstract class DecoratedPort implements PacketPort {
    private final PacketPort delegate;

    /**
     * Stands before a port.
     *
     * @param delegate the port behind; closed with this one.
     */
    protected DecoratedPort(final PacketPort delegate) {
        this.delegate = delegate;
    }

    @Override
    public int reclaim() {
        return delegate.reclaim();
    }

    @Override
    public int refill() {
        return delegate.refill();
    }

    @Override
    public int rxBurst(final PacketBurst burst) {
        return delegate.rxBurst(burst);
    }

    @Override
    public int txBurst(final PacketBurst burst) {
        return delegate.txBurst(burst);
    }

    @Override
    public int kick() {
        return delegate.kick();
    }

    @Override
    public void housekeep() {
        delegate.housekeep();
    }

    @Override
    public boolean isGone() {
        return delegate.isGone();
    }

    @Override
    public int pollFd() {
        return delegate.pollFd();
    }

    @Override
    public int miscountedFrames() {
        return delegate.miscountedFrames();
    }

    @Override
    public void close() {
        delegate.close();
    }

    @Override
    public String toString() {
        return delegate.toString();
    }
}
