package io.caracal.policy;

import io.caracal.policy.model.Prefix;
import java.util.List;

/** Gives each IP set, and each list of prefixes that some rule carries, the number that address classes contain. */
interface SetNumbers {
    /**
     * The number of an IP set.
     *
     * @param id Felix's id of a set that exists.
     * @return its number.
     */
    int ofSet(String id);

    /**
     * The number of a list of prefixes; the same for equal lists.
     *
     * @param nets sorted, of one family.
     * @return its number.
     */
    int ofNets(List<Prefix> nets);
}
