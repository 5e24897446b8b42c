package io.caracal.network;

import io.caracal.kernel.MtuFile;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;

/** The MTU of new pods, by the file that the CNI plugin reads. Control thread only, but {@link #missing}. */
final class PodMtu {
    private final Optional<MtuFile> file;
    private final NetworkLog log;
    private volatile List<String> missing = List.of();

    /** Writes nothing yet; no file where the operator wants none. */
    PodMtu(final Optional<MtuFile> file, final NetworkLog log) {
        this.file = file;
        this.log = log;
    }

    /**
     * Has new pods get an MTU.
     *
     * @param mtu bytes.
     * @param isFileRequired Felix's RequireMTUFile.
     */
    void write(final int mtu, final boolean isFileRequired) {
        final Optional<String> failure =
            file.isEmpty() ? Optional.of("the setting mtu-file is empty") : write(file.get(), mtu);
        missing = failure.filter(why -> isFileRequired)
            .map(why -> List.of("the MTU file that RequireMTUFile wants is not there: " + why)).orElse(List.of());
    }

    /** Why it could not be written. */
    private Optional<String> write(final MtuFile wanted, final int mtu) {
        try {
            if (wanted.write(mtu)) {
                log.info("new pods get MTU " + mtu + " (" + wanted.path() + ")");
            }
            return Optional.empty();
        } catch (final UncheckedIOException failure) {
            final String why = failure.getMessage() + ": " + failure.getCause().getMessage();
            log.warn(why);
            return Optional.of(why);
        }
    }

    /** That the file is required and not there: a sentence, or none. Any thread. */
    List<String> missing() {
        return missing;
    }
}
