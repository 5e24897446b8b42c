package io.caracal.xdp;

import io.caracal.bindings.BpfLinks;
import java.nio.file.Path;

/** A tc program attached by a link, Linux 6.6. */
final class TcxLink extends TcLink {
    private final BpfLink link;
    private final Path pin;
    private final boolean isTakenOver;

    private TcxLink(final BpfLink link, final Path pin, final boolean isTakenOver) {
        this.link = link;
        this.pin = pin;
        this.isTakenOver = isTakenOver;
    }

    static TcxLink open(final BpfProgram program, final int ifindex, final TcDirection direction,
        final PinDirectory pins) {
        final String hook = hook(ifindex, direction);
        if (pins == null) {
            return new TcxLink(create(program, ifindex, direction), null, false);
        }
        final Path pin = pins.linkPin(hook);
        final BpfLink old = BpfLink.takeOver(pin, program, ifindex, direction.tcxAttachType(), hook);
        if (old != null) {
            return new TcxLink(old, pin, true);
        }
        final BpfLink link = create(program, ifindex, direction);
        try {
            link.pin(pin);
            return new TcxLink(link, pin, false);
        } catch (final RuntimeException e) {
            link.close();
            throw e;
        }
    }

    /** Before the others: a program of someone else that ends the chain must not take packets past us. */
    private static BpfLink create(final BpfProgram program, final int ifindex, final TcDirection direction) {
        return BpfLink.create(program, ifindex, direction.tcxAttachType(), BpfLinks.BPF_F_BEFORE,
            hook(ifindex, direction));
    }

    static String hook(final int ifindex, final TcDirection direction) {
        return direction.label() + '-' + ifindex;
    }

    @Override
    public TcHook hook() {
        return TcHook.TCX;
    }

    @Override
    public boolean isTakenOver() {
        return isTakenOver;
    }

    @Override
    public void update(final BpfProgram program) {
        link.update(program);
    }

    @Override
    public void detach() {
        link.detach(pin);
    }

    @Override
    public void close() {
        link.close();
    }
}
