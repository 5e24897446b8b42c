package io.caracal.policy;

import io.caracal.policy.model.Prefix;
import java.util.Comparator;

/** An order of prefixes, so that equal lists compare equal however they were written. */
final class Prefixes {
    static final Comparator<Prefix> ORDER =
        Comparator.comparingLong(Prefix::high).thenComparingLong(Prefix::low).thenComparingInt(Prefix::length);

    private Prefixes() {
    }
}
