package io.caracal.network;

/** Where the control of the network tells an operator what it does. Called on the control thread. */
public interface NetworkLog {
    /**
     * Something that an operator may want to know.
     *
     * @param text one line.
     */
    void info(String text);

    /**
     * Something that needs an operator, or that will be tried again.
     *
     * @param text one line.
     */
    void warn(String text);
}
