package io.caracal.policy.model;

/**
 * A policy object that cannot be taken: malformed, or using something that is not supported. The message names the
 * object first and then what is wrong with it, so that status, metric and log can repeat it unchanged. Whoever catches
 * it keeps the last good state.
 */
public final class PolicyException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String object;

    /**
     * Refuses an object.
     *
     * @param object the object's kind and name, as {@code policy NetworkPolicy app/allow-web}.
     * @param problem what is wrong and what would be right.
     */
    public PolicyException(final String object, final String problem) {
        super(object + ": " + problem);
        this.object = object;
    }

    /**
     * The refused object.
     *
     * @return its kind and name.
     */
    public String object() {
        return object;
    }

    /**
     * The same refusal, of the object that contains the refused one.
     *
     * @param container kind and name of the containing object.
     * @return an exception that names both, the container first.
     */
    public PolicyException within(final String container) {
        final PolicyException outer = new PolicyException(container, getMessage());
        outer.initCause(this);
        return outer;
    }
}
