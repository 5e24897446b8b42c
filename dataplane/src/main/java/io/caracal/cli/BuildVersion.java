package io.caracal.cli;

import picocli.CommandLine.IVersionProvider;

/** The version that the build wrote into the jar's manifest. */
final class BuildVersion implements IVersionProvider {
    @Override
    public String[] getVersion() {
        final String version = BuildVersion.class.getPackage().getImplementationVersion();
        return new String[] {"caracal " + (version == null ? "(not from a jar)" : version)};
    }
}
